package backfill.membership;

import java.util.ArrayList;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/**
 * By which groups within one group its users have it at a level or a higher one: each user by the
 * nearest, and once. It is looked for no further than is asked. Used by one thread.
 */
public final class NearestMembers {
  private final NestedWays.OwnUsers own;
  private final int least;
  private final Reach reach;
  private final RoaringBitmap seen = new RoaringBitmap();
  private final List<Share> steps = new ArrayList<>();
  private int distance;
  private int looked;
  private boolean ended;

  /**
   * Users whom a group has itself, and none before it.
   *
   * @param place of the group among those that are reached
   * @param distance how far it is
   */
  public record Share(int place, int distance, RoaringBitmap users) {}

  /**
   * @param group its number in the graph
   * @param own the users whom each number of the graph has itself
   * @param least the level
   */
  public NearestMembers(NestingGraph graph, int group, NestedWays.OwnUsers own, int least) {
    this.own = own;
    this.least = least;
    this.reach = new Reach(graph, RoaringBitmap.bitmapOf(group), least);
  }

  /** One of them, the nearest first; null where there are not so many. */
  public Share step(int place) {
    while (place >= steps.size() && !ended) {
      look();
    }
    return place < steps.size() ? steps.get(place) : null;
  }

  private void look() {
    for (; looked < reach.size(); looked++) {
      RoaringBitmap users = own.users(reach.number(looked), least);
      RoaringBitmap first = users == null ? null : RoaringBitmap.andNot(users, seen);
      if (first != null && !first.isEmpty()) {
        steps.add(new Share(looked, distance, first));
        seen.or(first);
      }
    }
    ended = !reach.widen();
    distance++;
  }

  /** How much is held for it, about: groups that are reached, and users. */
  public long size() {
    return reach.size() + seen.getLongCardinality();
  }

  /** The keys from the group to the one of a step. */
  public long[] chain(Share step) {
    return reach.chain(step.place());
  }
}
