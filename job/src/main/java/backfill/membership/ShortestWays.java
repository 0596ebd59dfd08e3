package backfill.membership;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * Finds the shortest way by which users have one object: through what holds the object, and through
 * groups within groups. What is as short as another is taken of the nearer object, directly rather
 * than by a group, and by the smaller keys. Used by one thread.
 */
public final class ShortestWays {
  /** Of groups, and of their users, that are held from one object to the next. */
  private static final long HELD = 4_000_000;

  private final NestedWays graphs;
  private final Map<Integer, NearestMembers> byGroup = new HashMap<>();
  private final List<Rung> levels = new ArrayList<>();
  private long object;
  private Reach above;

  /**
   * A way through what is nested.
   *
   * @param objects from the one that is granted down to the one asked about; none where these are
   *     one
   * @param groups from the one that is granted down to the one that has the user; none where these
   *     are one, or the user is named
   */
  public record Chain(long[] objects, long[] groups) {}

  /** What is granted on the object, or on one that holds it at some distance. */
  private record Rung(int place, int distance, RoaringBitmap direct, RoaringBitmap groups) {}

  /**
   * One way.
   *
   * @param group null where the user is named
   */
  private record Way(int place, NearestMembers group, NearestMembers.Share step) {}

  /** A group that is granted, and how far its users were looked at. */
  private static final class GroupWay {
    private final Rung level;
    private final NearestMembers members;
    private int next;

    GroupWay(Rung level, NearestMembers members) {
      this.level = level;
      this.members = members;
    }

    /** The next step of a way of this length; null where there is none. */
    NearestMembers.Share step(int length) {
      NearestMembers.Share step = members.step(next);
      if (step == null || level.distance() + step.distance() > length) {
        return null;
      }
      next++;
      return step;
    }

    boolean ended() {
      return members.step(next) == null;
    }
  }

  public ShortestWays(NestedWays graphs) {
    this.graphs = graphs;
  }

  /**
   * Another object comes.
   *
   * @param direct users whom a source names for it
   * @param groups numbers of groups that a source names for it
   * @param holders numbers of the objects that hold it
   */
  public void of(long next, RoaringBitmap direct, RoaringBitmap groups, RoaringBitmap holders) {
    object = next;
    levels.clear();
    levels.add(new Rung(-1, 0, direct, groups));
    above = holders.isEmpty() ? null : new Reach(graphs.holders(), holders);
    if (above != null) {
      addLevels(0);
    }
    if (byGroup.values().stream().mapToLong(NearestMembers::size).sum() > HELD) {
      byGroup.clear();
    }
  }

  private void addLevels(int from) {
    int distance = levels.get(levels.size() - 1).distance() + 1;
    for (int place = from; place < above.size(); place++) {
      int holder = above.number(place);
      levels.add(new Rung(place, distance, graphs.direct()[holder], graphs.through()[holder]));
    }
  }

  /**
   * The ways of some users, at their places; null for one that has it without any nesting.
   *
   * @param users ascending as unsigned numbers
   */
  public Chain[] of(int[] users, int count) {
    Way[] ways = new Way[count];
    RoaringBitmap left = new RoaringBitmap();
    left.addN(users, 0, count);
    List<GroupWay> granted = new ArrayList<>();
    int known = 0;
    for (int length = 0; !left.isEmpty(); length++) {
      int opened = known;
      while (known < levels.size() && levels.get(known).distance() <= length) {
        Rung level = levels.get(known++);
        take(level.direct(), new Way(level.place(), null, null), users, left, ways);
      }
      for (Rung level : levels.subList(opened, known)) {
        add(level, granted);
      }
      for (GroupWay each : granted) {
        NearestMembers.Share step;
        while ((step = each.step(length)) != null) {
          take(step.users(), new Way(each.level.place(), each.members, step), users, left, ways);
        }
      }
      granted.removeIf(GroupWay::ended);
      if (known == levels.size() && !widened() && granted.isEmpty()) {
        break;
      }
    }
    return Arrays.stream(ways).map(this::chain).toArray(Chain[]::new);
  }

  private boolean widened() {
    if (above == null) {
      return false;
    }
    int from = above.size();
    boolean more = above.widen();
    if (more) {
      addLevels(from);
    }
    return more;
  }

  private void add(Rung level, List<GroupWay> granted) {
    if (level.groups() != null) {
      level
          .groups()
          .forEach(
              (int group) ->
                  granted.add(
                      new GroupWay(
                          level,
                          byGroup.computeIfAbsent(
                              group,
                              number ->
                                  new NearestMembers(graphs.groups(), number, graphs.members())))));
    }
  }

  private static void take(
      RoaringBitmap some, Way way, int[] users, RoaringBitmap left, Way[] ways) {
    if (some == null) {
      return;
    }
    RoaringBitmap found = RoaringBitmap.and(some, left);
    left.andNot(found);
    PeekableIntIterator each = found.getIntIterator();
    int place = 0;
    while (each.hasNext()) {
      int user = each.next();
      while (users[place] != user) {
        place++;
      }
      ways[place] = way;
    }
  }

  private Chain chain(Way way) {
    if (way == null) {
      return null;
    }
    long[] up = way.place() < 0 ? new long[0] : above.chain(way.place());
    long[] down = way.group() == null ? new long[0] : way.group().chain(way.step());
    if (up.length == 0 && down.length < 2) {
      return null;
    }
    long[] objects = new long[up.length == 0 ? 0 : up.length + 1];
    for (int i = 0; i < objects.length; i++) {
      objects[i] = i == up.length ? object : up[up.length - 1 - i];
    }
    return new Chain(objects, down.length < 2 ? new long[0] : down);
  }
}
