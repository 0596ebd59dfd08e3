package backfill.membership;

import java.util.ArrayList;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/**
 * What the sources and the target say about one object, gathered part by part, and what follows
 * from it. Reused for one object after another by a single thread.
 */
public final class ObjectUsers {
  private final RoaringBitmap direct = new RoaringBitmap();
  private final List<RoaringBitmap> granted = new ArrayList<>();
  private final RoaringBitmap existing = new RoaringBitmap();
  private final RoaringBitmap foreign = new RoaringBitmap();
  private long unknownExisting;

  /** Forgets the object before. */
  public void clear() {
    direct.clear();
    granted.clear();
    existing.clear();
    foreign.clear();
    unknownExisting = 0;
  }

  /** Users whom a source names for the object; not to be changed meanwhile. */
  public void addDirect(RoaringBitmap users) {
    direct.or(users);
    granted.add(users);
  }

  /** Users of a group that a source names for the object; not to be changed meanwhile. */
  public void addThroughGroup(RoaringBitmap users) {
    granted.add(users);
  }

  /** Users whom the target has for the object. */
  public void addExisting(RoaringBitmap users) {
    existing.or(users);
  }

  /** Users whom the target has for the object in a row that is not the step's. */
  public void addForeign(RoaringBitmap users) {
    foreign.or(users);
  }

  /** Rows of the target whose user no source names anywhere: surplus, whatever the object. */
  public void addUnknownExisting(long rows) {
    unknownExisting += rows;
  }

  /** The users whom the sources give the object, each once. */
  public RoaringBitmap justified() {
    return UnitedSets.of(granted);
  }

  /**
   * The users whom the target has for the object and who are among those that a source names
   * somewhere.
   */
  public RoaringBitmap existing() {
    return existing;
  }

  /** Takes out of these users, whose row the step has not, those whose key another row holds. */
  public long takeForeign(RoaringBitmap absent) {
    long before = absent.getLongCardinality();
    absent.andNot(foreign);
    return before - absent.getLongCardinality();
  }

  /** Of these users, those who would have the object without any group. */
  public int directOf(RoaringBitmap users) {
    return RoaringBitmap.andCardinality(users, direct);
  }

  /** Rows of the target that no source justifies. */
  public long surplus(RoaringBitmap justified) {
    return unknownExisting + RoaringBitmap.andNotCardinality(existing, justified);
  }
}
