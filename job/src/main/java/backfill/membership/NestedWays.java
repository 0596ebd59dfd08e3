package backfill.membership;

import java.io.Serializable;
import org.roaringbitmap.RoaringBitmap;

/**
 * What a shortest way through what is nested is looked for in, on each executor.
 *
 * @param groups which group holds which; every one that is granted has a number
 * @param members the users whom each of these has itself
 * @param holders of the objects that hold others: which is held by which; null where none does
 * @param direct the users that each holder is granted to by itself, or null
 * @param through the groups that it is granted to by itself, as numbers of {@code groups}, or null
 * @param levels how many there are; 1 where grants have none
 */
public record NestedWays(
    NestingGraph groups,
    OwnUsers members,
    NestingGraph holders,
    LevelSets[] direct,
    LevelSets[] through,
    int levels)
    implements Serializable {

  /** The users whom each group has itself. */
  public interface OwnUsers extends Serializable {
    /** Those of a group whom it has at a level or a higher one; null for none. */
    RoaringBitmap users(int group, int least);
  }
}
