package backfill.membership;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * Finds the shortest way by which users have one object at a level or a higher one: through what
 * holds the object, and through groups within groups. What is as short as another is taken of the
 * nearer object, directly rather than by a group, and by the smaller keys. Used by one thread.
 */
public final class ShortestWays {
  /** Of groups, and of their users, that are held from one object to the next, at all levels. */
  private static final long HELD = 4_000_000;

  private final NestedWays graphs;
  private final int least;
  private final Map<Integer, NearestMembers> byGroup = new HashMap<>();
  private final List<Rung> rungs = new ArrayList<>();
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
  private record Rung(int place, int distance, LevelSets direct, LevelSets groups) {}

  /**
   * One way.
   *
   * @param group null where the user is named
   */
  private record Way(int place, NearestMembers group, NearestMembers.Share step) {}

  /** A group that is granted, and how far its users were looked at. */
  private static final class GroupWay {
    private final Rung on;
    private final NearestMembers members;
    private int next;

    GroupWay(Rung on, NearestMembers members) {
      this.on = on;
      this.members = members;
    }

    /** The next step of a way of this length; null where there is none. */
    NearestMembers.Share step(int length) {
      NearestMembers.Share step = members.step(next);
      if (step == null || on.distance() + step.distance() > length) {
        return null;
      }
      next++;
      return step;
    }

    boolean ended() {
      return members.step(next) == null;
    }
  }

  /**
   * @param least the level; 0 where grants have none
   */
  public ShortestWays(NestedWays graphs, int least) {
    this.graphs = graphs;
    this.least = least;
  }

  /**
   * Another object comes.
   *
   * @param direct users whom a source names for it
   * @param groups numbers of groups that a source names for it
   * @param holders numbers of the objects that hold it
   */
  public void of(long next, LevelSets direct, LevelSets groups, LevelSets holders) {
    object = next;
    rungs.clear();
    rungs.add(new Rung(-1, 0, direct, groups));
    RoaringBitmap nearest = new RoaringBitmap();
    eachOf(holders, nearest::or);
    above = nearest.isEmpty() ? null : new Reach(graphs.holders(), nearest, least);
    if (above != null) {
      addRungs(0);
    }
    if (byGroup.values().stream().mapToLong(NearestMembers::size).sum() > HELD / graphs.levels()) {
      byGroup.clear();
    }
  }

  /** Those that are of the level or a higher one. */
  private void eachOf(LevelSets sets, Consumer<RoaringBitmap> receiver) {
    for (int level = least; sets != null && level < sets.levels(); level++) {
      if (sets.at(level) != null) {
        receiver.accept(sets.at(level));
      }
    }
  }

  private void addRungs(int from) {
    int distance = rungs.get(rungs.size() - 1).distance() + 1;
    for (int place = from; place < above.size(); place++) {
      int holder = above.number(place);
      rungs.add(new Rung(place, distance, graphs.direct()[holder], graphs.through()[holder]));
    }
  }

  /**
   * Puts the ways of some users at their places; null for one that has it without any nesting.
   *
   * @param some of the users
   * @param users ascending as unsigned numbers
   */
  public void of(RoaringBitmap some, int[] users, Chain[] chains) {
    RoaringBitmap left = some.clone();
    List<GroupWay> granted = new ArrayList<>();
    int known = 0;
    for (int length = 0; !left.isEmpty(); length++) {
      int opened = known;
      while (known < rungs.size() && rungs.get(known).distance() <= length) {
        Way way = new Way(rungs.get(known).place(), null, null);
        eachOf(rungs.get(known++).direct(), direct -> take(direct, way, left, users, chains));
      }
      for (Rung rung : rungs.subList(opened, known)) {
        // Together, so that their keys decide, and not the levels at which they come.
        RoaringBitmap groups = new RoaringBitmap();
        eachOf(rung.groups(), groups::or);
        add(rung, groups, granted);
      }
      for (GroupWay each : granted) {
        NearestMembers.Share step;
        while ((step = each.step(length)) != null) {
          Way way = new Way(each.on.place(), each.members, step);
          take(step.users(), way, left, users, chains);
        }
      }
      granted.removeIf(GroupWay::ended);
      if (known == rungs.size() && !widened() && granted.isEmpty()) {
        break;
      }
    }
  }

  private boolean widened() {
    if (above == null) {
      return false;
    }
    int from = above.size();
    boolean more = above.widen();
    if (more) {
      addRungs(from);
    }
    return more;
  }

  private void add(Rung rung, RoaringBitmap groups, List<GroupWay> granted) {
    groups.forEach((int group) -> granted.add(new GroupWay(rung, members(group))));
  }

  private NearestMembers members(int group) {
    return byGroup.computeIfAbsent(
        group, number -> new NearestMembers(graphs.groups(), number, graphs.members(), least));
  }

  private void take(RoaringBitmap some, Way way, RoaringBitmap left, int[] users, Chain[] chains) {
    RoaringBitmap found = RoaringBitmap.and(some, left);
    if (found.isEmpty()) {
      return;
    }
    left.andNot(found);
    Chain chain = chain(way);
    PeekableIntIterator each = found.getIntIterator();
    int place = 0;
    while (each.hasNext()) {
      int user = each.next();
      while (users[place] != user) {
        place++;
      }
      chains[place] = chain;
    }
  }

  private Chain chain(Way way) {
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
