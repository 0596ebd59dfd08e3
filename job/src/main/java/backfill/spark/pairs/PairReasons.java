package backfill.spark.pairs;

import backfill.membership.GroupUsers;
import backfill.membership.LevelSets;
import backfill.membership.NestedWays;
import backfill.membership.ShortestWays;
import backfill.spark.diff.RowChange;
import backfill.spark.read.KeyNumbers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;

/**
 * Which sources and groups give the users of one object, for a few thousand of them at a time, so
 * that what is held does not grow with the object. Used by one thread.
 */
final class PairReasons {
  /** Users whose reasons are held together. */
  private static final int HELD = 4_096;

  private final List<String> sources;
  private final StepKeys keys;
  private final GroupUsers map;
  private final RoaringBitmap[] direct;
  private final TreeMap<Long, RoaringBitmap> groups = new TreeMap<>();
  private final NestedWays graphs;
  private final ShortestWays[] ways;
  private ShortestWays.Chain[] chains = {};
  private final int[] users = new int[HELD];
  private final int[] named = new int[HELD];
  private final long[] first = new long[HELD * RowChange.GivenBy.GROUPS];
  private RoaringBitmap[] missing = {};
  private PeekableIntIterator left = new RoaringBitmap().getIntIterator();
  private int held;
  private int place;

  /**
   * @param sources the names of the step's direct sources, in its order
   * @param map the broadcast group map, or null where it is joined
   * @param graphs null where nothing is nested
   */
  PairReasons(List<String> sources, StepKeys keys, GroupUsers map, NestedWays graphs) {
    this.graphs = graphs;
    this.ways = new ShortestWays[graphs == null ? 0 : graphs.levels()];
    Arrays.setAll(ways, level -> new ShortestWays(graphs, level));
    this.sources = sources;
    this.keys = keys;
    this.map = map;
    this.direct = new RoaringBitmap[sources.size()];
  }

  /**
   * Another object comes, with the users that are asked for. Of those who have a level only what
   * gives that one is a reason.
   *
   * @param asked those of them without levels at place 0, or those of each level at its own
   * @param reasons parts in the order of objects, of which those of this one are taken
   */
  void of(long object, RoaringBitmap[] asked, Ahead reasons) {
    missing = asked;
    Arrays.fill(direct, null);
    groups.clear();
    Own own = new Own(graphs);
    reasons.skipTo(object);
    while (reasons.isAt(object)) {
      PartialSet part = reasons.next();
      switch (part.kind()) {
        case DIRECT -> {
          RoaringBitmap users = RoaringBitmap.and(part.set(), missing[part.level()]);
          addDirect((int) part.giver(), users);
          own.addAll(part.level(), users);
        }
        case GROUPS ->
            part.set()
                .forEach(
                    (int number) -> {
                      addGroup(number, part.level());
                      own.addGroup(part.level(), map.group(number));
                    });
        case GROUP_USERS -> {
          addGroup(part.giver(), part.set(), missing[part.level()]);
          own.addGroup(part.level(), part.giver());
        }
        case OWN_DIRECT -> own.direct.add(part.level(), part.set());
        case OWN_GROUPS -> own.groups.add(part.level(), part.set());
        case HOLDERS -> own.holders.add(part.level(), part.set());
        default -> throw new IllegalStateException("kind " + part.kind());
      }
    }
    left = RoaringBitmap.or(missing).getIntIterator();
    held = 0;
    place = 0;
    for (int level = 0; level < ways.length; level++) {
      if (!missing[level].isEmpty()) {
        ways[level].of(object, own.direct, own.groups, own.holders);
      }
    }
  }

  /**
   * What the object has by itself, by level. Where none holds another that is all it has, and parts
   * do not name it apart.
   */
  private static final class Own {
    private final NestedWays graphs;
    private final LevelSets direct;
    private final LevelSets groups;
    private final LevelSets holders;

    Own(NestedWays graphs) {
      this.graphs = graphs;
      int levels = graphs == null ? 1 : graphs.levels();
      direct = new LevelSets(levels);
      groups = new LevelSets(levels);
      holders = new LevelSets(levels);
    }

    private boolean isAll() {
      return graphs != null && graphs.holders() == null;
    }

    void addAll(int level, RoaringBitmap users) {
      if (isAll()) {
        direct.add(level, users);
      }
    }

    /** Of a group whose users come by level it is the highest of these that counts. */
    void addGroup(int level, long group) {
      if (isAll()) {
        groups.add(level, RoaringBitmap.bitmapOf(graphs.groups().number(group)));
      }
    }
  }

  private void addDirect(int source, RoaringBitmap some) {
    if (direct[source] == null) {
      direct[source] = some;
    } else {
      direct[source].or(some);
    }
  }

  private void addGroup(int number, int level) {
    for (int each = 0; each < map.levels(); each++) {
      RoaringBitmap users = map.users(number, each);
      if (users != null) {
        addGroup(map.group(number), users, missing[Math.min(level, each)]);
      }
    }
  }

  private void addGroup(long group, RoaringBitmap users, RoaringBitmap of) {
    groups.merge(group, RoaringBitmap.and(users, of), (one, other) -> RoaringBitmap.or(one, other));
  }

  /** Whether a user is left. */
  boolean hasNext() {
    return place < held || left.hasNext();
  }

  /** The number of the next user, whose {@link #reasons} these are from here on. */
  int next() {
    if (place == held) {
      hold();
    }
    return users[place++];
  }

  private void hold() {
    RoaringBitmap some = new RoaringBitmap();
    held = 0;
    place = 0;
    while (held < HELD && left.hasNext()) {
      users[held] = left.next();
      some.add(users[held++]);
    }
    Arrays.fill(named, 0, held, 0);
    for (Map.Entry<Long, RoaringBitmap> group : groups.entrySet()) {
      name(group.getKey(), RoaringBitmap.and(group.getValue(), some).getIntIterator());
    }
    chains = new ShortestWays.Chain[held];
    for (int level = 0; level < ways.length; level++) {
      if (!missing[level].isEmpty()) {
        ways[level].of(RoaringBitmap.and(some, missing[level]), users, chains);
      }
    }
  }

  /** Both are ascending. */
  private void name(long group, PeekableIntIterator members) {
    int user = 0;
    while (members.hasNext()) {
      int member = members.next();
      while (users[user] != member) {
        user++;
      }
      if (named[user] < RowChange.GivenBy.GROUPS) {
        first[user * RowChange.GivenBy.GROUPS + named[user]] = group;
      }
      named[user]++;
    }
  }

  /** Of the user that came last. */
  RowChange.GivenBy reasons() {
    int user = place - 1;
    List<String> from = new ArrayList<>();
    for (int source = 0; source < direct.length; source++) {
      if (direct[source] != null
          && direct[source].contains(users[user])
          && !from.contains(sources.get(source))) {
        from.add(sources.get(source));
      }
    }
    int shown = Math.min(named[user], RowChange.GivenBy.GROUPS);
    return new RowChange.GivenBy(
        from,
        IntStream.range(0, shown)
            .mapToObj(i -> keys.groups().text(first[user * RowChange.GivenBy.GROUPS + i]))
            .toList(),
        named[user] - shown,
        chains[user] == null ? null : chain(chains[user]));
  }

  private RowChange.Chain chain(ShortestWays.Chain found) {
    return new RowChange.Chain(
        links(found.objects(), keys.objects()), links(found.groups(), keys.groups()));
  }

  private static RowChange.Links links(long[] numbers, KeyNumbers keys) {
    return numbers.length == 0
        ? null
        : RowChange.Links.of(numbers.length, i -> keys.text(numbers[i]));
  }

  /** Parts, of which one is seen before it is taken. */
  static final class Ahead {
    private final Iterator<Tuple2<Long, PartialSet>> parts;
    private Tuple2<Long, PartialSet> next;

    Ahead(Iterator<Tuple2<Long, PartialSet>> parts) {
      this.parts = parts;
      advance();
    }

    private void advance() {
      next = parts.hasNext() ? parts.next() : null;
    }

    private void skipTo(long object) {
      while (next != null && next._1() < object) {
        advance();
      }
    }

    private boolean isAt(long object) {
      return next != null && next._1() == object;
    }

    private PartialSet next() {
      PartialSet part = next._2();
      advance();
      return part;
    }
  }
}
