package backfill.spark.read;

import backfill.plan.Amount;
import backfill.plan.level.LevelOrder;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.snapshot.PairCopy;
import backfill.spark.engine.Derived;
import backfill.spark.engine.SparkJobs;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import scala.Tuple2;

/**
 * Which numbers stand for the levels of one step, on the driver and on executors: their places in
 * ascending order; behind them what the target holds that is none of them.
 *
 * @param values the levels as the server writes them, ascending; empty where pairs have none
 * @param whole whether they are whole numbers, and not texts
 * @param others what the target holds besides, null for NULL
 */
public record LevelNumbers(List<String> values, boolean whole, List<String> others)
    implements Serializable {
  /** Of pairs without levels. */
  public static final LevelNumbers NONE = new LevelNumbers(List.of(), true, List.of());

  /** What a value has that was not among those looked at. */
  public static final int UNKNOWN = Short.MAX_VALUE;

  /** How many other values the target may hold. */
  private static final int MOST_OTHERS = 1_000;

  public LevelNumbers {
    values = List.copyOf(values);
    others = Collections.unmodifiableList(new ArrayList<>(others));
  }

  /**
   * The levels of one source.
   *
   * @param column in which they are
   * @param pairs that were read with them
   */
  public record OfSource(String from, String column, JavaRDD<ReadPairs> pairs) {}

  /**
   * Looks at all rows of what has levels.
   *
   * @param place what a message begins with
   * @param constants levels that whole sources have
   * @param target null where there is none yet
   * @param before another snapshot's, whose levels are to have a number, too; or null
   * @throws UnfitRowsException naming every value that is no level, and NULL
   */
  public static LevelNumbers of(
      String place,
      LevelOrder known,
      List<OfSource> sources,
      List<String> constants,
      OfSource target,
      LevelNumbers before) {
    TreeSet<Long> found = new TreeSet<>();
    List<String> problems = new ArrayList<>();
    List<Map<String, Long>> counts =
        counts(Stream.concat(sources.stream(), Stream.ofNullable(target)).toList());
    for (int each = 0; each < sources.size(); each++) {
      OfSource source = sources.get(each);
      counts
          .get(each)
          .forEach(
              (value, rows) -> {
                if (value == null
                    || !known.ascending().isEmpty() && !known.ascending().contains(value)) {
                  problems.add(unfit(source, value, rows, known));
                } else if (known.ascending().isEmpty()) {
                  found.add(Long.valueOf(value));
                }
              });
    }
    if (!problems.isEmpty()) {
      throw new UnfitRowsException(
          place + ": " + problems.stream().sorted().limit(10).collect(Collectors.joining("; ")));
    }
    constants.stream().filter(level -> known.numbers()).map(Long::valueOf).forEach(found::add);
    if (found.size() > LevelOrder.MOST && known.ascending().isEmpty()) {
      throw new UnfitRowsException(
          "%s: its sources have %,d different levels, and there may be %d; name the column that holds a level, or leave rows out with where"
              .formatted(place, found.size(), LevelOrder.MOST));
    }
    if (before != null && known.ascending().isEmpty()) {
      before.values.stream().map(Long::valueOf).forEach(found::add);
    }
    List<String> levels =
        known.ascending().isEmpty()
            ? found.stream().map(String::valueOf).toList()
            : known.ascending();
    // Of no row there is no level; one stands for all the same.
    List<String> numbered = levels.isEmpty() ? List.of("0") : levels;
    return new LevelNumbers(
        numbered,
        known.numbers(),
        target == null
            ? List.of()
            : others(place, numbered, target, counts.get(sources.size()).keySet()));
  }

  private static List<String> others(
      String place, List<String> levels, OfSource target, Set<String> held) {
    List<String> others =
        held.stream()
            .filter(value -> value == null || !levels.contains(value))
            .sorted(Comparator.nullsFirst(Comparator.naturalOrder()))
            .collect(Collectors.toCollection(ArrayList::new));
    if (others.size() > MOST_OTHERS) {
      throw new UnfitRowsException(
          "%s: %s.%s holds %,d different values that are no level of the step; name the column that holds a level"
              .formatted(place, target.from(), target.column(), others.size()));
    }
    return others;
  }

  private static String unfit(OfSource source, String value, long rows, LevelOrder known) {
    String which =
        "%s of %s".formatted(Amount.of(rows, "row"), source.from())
            + (rows == 1 ? " has " : " have ");
    String they = rows == 1 ? "it" : "them";
    return value == null
        ? which
            + "NULL in %s, and a level is never guessed; give %s one, or leave %2$s out with where"
                .formatted(source.column(), they)
        : which
            + "the level %s in %s, which is not among levels (%s); list it there, or leave %s out with where"
                .formatted(value, source.column(), String.join(", ", known.ascending()), they);
  }

  /** Of each the value to its rows; null is a value. */
  private static List<Map<String, Long>> counts(List<OfSource> sources) {
    List<Map<String, Long>> all = new ArrayList<>();
    List<JavaRDD<Tuple2<Integer, HashMap<String, Long>>>> parts = new ArrayList<>();
    for (OfSource source : sources) {
      int place = all.size();
      all.add(new LinkedHashMap<>());
      parts.add(
          Derived.ofPartitions(
              source.pairs(), pairs -> List.of(new Tuple2<>(place, counted(pairs))).iterator()));
    }
    if (!parts.isEmpty()) {
      for (Tuple2<Integer, HashMap<String, Long>> some :
          SparkJobs.collect(Derived.together(parts))) {
        some._2().forEach((value, rows) -> all.get(some._1()).merge(value, rows, Long::sum));
      }
    }
    return all;
  }

  private static HashMap<String, Long> counted(Iterator<ReadPairs> pairs) {
    HashMap<String, Long> all = new HashMap<>();
    while (pairs.hasNext()) {
      LevelColumn levels = pairs.next().levels();
      long[] counts = levels == null ? new long[0] : levels.counts();
      for (int place = 0; place < counts.length; place++) {
        all.merge(levels.values()[place], counts[place], Long::sum);
      }
    }
    return all;
  }

  /** Whether pairs have no levels. */
  public boolean isNone() {
    return values.isEmpty();
  }

  /** How many levels there are; one stands for none. */
  public int count() {
    return Math.max(1, values.size());
  }

  /** The number of the highest. */
  public int highest() {
    return count() - 1;
  }

  /** The number of a value, {@link #UNKNOWN} for one that was not looked at. */
  public int number(String value) {
    int level = value == null ? -1 : values.indexOf(value);
    if (level >= 0) {
      return level;
    }
    int other = others.indexOf(value);
    return other < 0 ? UNKNOWN : values.size() + other;
  }

  /** The numbers of some rows' levels. */
  public short[] of(LevelColumn column) {
    short[] numbers = new short[column.values().length];
    for (int place = 0; place < numbers.length; place++) {
      numbers[place] = (short) number(column.values()[place]);
    }
    short[] all = new short[column.places().length];
    for (int row = 0; row < all.length; row++) {
      all[row] = numbers[column.places()[row]];
    }
    return all;
  }

  /** The value that has a number, as the server writes it; null for NULL. */
  public String text(int number) {
    return number < values.size() ? values.get(number) : others.get(number - values.size());
  }

  /** The same as a value of {@link #dataType}. */
  public Object cell(int number) {
    String text = text(number);
    return whole && text != null ? (Object) Long.valueOf(text) : text;
  }

  /** The type of levels in Spark's rows. */
  public DataType dataType() {
    return whole ? DataTypes.LongType : DataTypes.StringType;
  }

  /**
   * The levels that some rows have in one column, as they were read: the same ones held once, and
   * two bytes a row.
   *
   * @param places one for each row, of its level among the values
   * @param values the server's texts, null among them where a row has NULL
   */
  public record LevelColumn(char[] places, String[] values) implements Serializable {

    /** How many rows have each of the values. */
    public long[] counts() {
      long[] counts = new long[values.length];
      for (char place : places) {
        counts[place]++;
      }
      return counts;
    }
  }

  /** Takes the levels of one column out of rows, one after the other, until there are enough. */
  static final class LevelCells {
    private final boolean integers;
    private final char[] places = new char[ReadPairs.SIZE];
    private final long[] number = new long[1];
    private final Map<Object, Integer> known = new HashMap<>();
    private final List<String> values = new ArrayList<>();
    private Object last;
    private int lastPlace = -1;

    /**
     * For at most {@link ReadPairs#SIZE} rows.
     *
     * @param type integers or texts; null where rows have no level
     */
    static LevelCells of(KeyType type) {
      return type == null ? null : new LevelCells(type == KeyType.INTEGER);
    }

    private LevelCells(boolean integers) {
      this.integers = integers;
    }

    /** Takes the row's next value, which may be NULL. */
    void take(PairCopy copy, int row) {
      if (integers) {
        boolean present = copy.value(number, 0);
        if (lastPlace < 0 || !present || !(last instanceof Long same) || same != number[0]) {
          found(present ? (Object) number[0] : null);
        }
      } else {
        found(copy.text());
      }
      places[row] = (char) lastPlace;
    }

    /** Takes a value of one of Spark's own rows. */
    void take(InternalRow from, int cell, int row) {
      if (from.isNullAt(cell)) {
        found(null);
      } else if (integers) {
        found(from.getLong(cell));
      } else {
        found(from.getUTF8String(cell).toString());
      }
      places[row] = (char) lastPlace;
    }

    private void found(Object value) {
      last = value;
      Integer place = known.get(value);
      if (place == null) {
        place = values.size();
        known.put(value, place);
        values.add(value == null ? null : value.toString());
      }
      lastPlace = place;
    }

    /** The levels of so many rows. */
    LevelColumn column(int rows) {
      return new LevelColumn(Arrays.copyOf(places, rows), values.toArray(String[]::new));
    }
  }
}
