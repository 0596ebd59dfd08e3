package backfill.spark.read;

import backfill.membership.key.KeySet;
import backfill.postgres.catalog.Table;
import backfill.spark.engine.Derived;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.query.PairColumnNames;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.JavaRDD;

/** What is kept of a snapshot as pairs and sets, and never becomes a row of Spark's. */
public final class PairCache implements AutoCloseable {
  private final KeptInSpark kept = new KeptInSpark();
  private final Map<String, JavaRDD<ReadPairs>> bySource = new LinkedHashMap<>();
  private final Map<String, KeySet> keys = new LinkedHashMap<>();
  private final Map<Object, SharedUse> shared = new HashMap<>();

  /** What several steps use and is let go with what is kept. */
  public interface SharedUse {
    void letGo();
  }

  /**
   * How many rows a source has, and how many of them are pairs: neither of the two is NULL.
   *
   * @param pairs at most as many as rows
   */
  record Counts(long rows, long pairs) {}

  /**
   * Begins to read two columns of a source.
   *
   * @param where a PostgreSQL condition, or null
   * @param then is told how many there are
   */
  void read(
      SnapshotReader reader,
      String source,
      Table table,
      PairColumnNames columns,
      String where,
      Consumer<Counts> then) {
    JavaRDD<ReadPairs> rows = kept.keep(reader.readPairs(table, columns, where));
    bySource.put(source, rows);
    reader
        .reads()
        .begin(
            Derived.ofPartitions(rows, PairCache::counted),
            parts ->
                then.accept(
                    new Counts(
                        parts.stream().mapToLong(part -> part[0]).sum(),
                        parts.stream().mapToLong(part -> part[1]).sum())));
  }

  private static Iterator<long[]> counted(Iterator<ReadPairs> partition) {
    long[] rowsAndPairs = new long[2];
    partition.forEachRemaining(
        some -> {
          rowsAndPairs[0] += some.rows();
          rowsAndPairs[1] += some.size();
        });
    return List.of(rowsAndPairs).iterator();
  }

  /** The pairs of a source; null where it was not read as such. */
  JavaRDD<ReadPairs> of(String source) {
    return bySource.get(source);
  }

  /** Its rows are read instead. */
  void forget(String source) {
    bySource.remove(source);
  }

  /**
   * The integers that a column holds; read once, whichever steps ask.
   *
   * @param then is told them
   */
  public void keys(SnapshotReader reader, Table table, String column, Consumer<KeySet> then) {
    String name = table.name().quoted() + "." + column;
    if (keys.containsKey(name)) {
      then.accept(keys.get(name));
      return;
    }
    reader
        .reads()
        .begin(
            Derived.ofPartitions(
                reader.readPairs(table, new PairColumnNames(column, column), null),
                PairCache::keySet),
            parts -> {
              keys.put(name, KeySet.union(parts));
              then.accept(keys.get(name));
            });
  }

  private static Iterator<KeySet> keySet(Iterator<ReadPairs> pairs) {
    Iterable<ReadPairs> all = () -> pairs;
    return List.of(
            KeySet.of(
                StreamSupport.stream(all.spliterator(), false)
                    .map(some -> some.keys().numbers(null))
                    .iterator()))
        .iterator();
  }

  /** What several steps share; made once, for the first that asks. */
  public <T extends SharedUse> T shared(Object by, Class<T> type, Function<KeptInSpark, T> made) {
    return type.cast(shared.computeIfAbsent(by, first -> made.apply(kept)));
  }

  @Override
  public void close() {
    kept.close();
    shared.values().forEach(SharedUse::letGo);
    shared.clear();
  }
}
