package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.GroupUsers;
import backfill.membership.LevelMembers;
import backfill.membership.LevelSets;
import backfill.membership.LevelsOfSet;
import backfill.membership.LevelsOfSet.AtLevel;
import backfill.membership.ObjectLevels;
import backfill.spark.engine.Codec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * The levels of one object after the diff.
 *
 * @param planned the level of each user whom the sources give it
 * @param held those whose row is to be set or to go, by what it holds
 * @param toSet those whose row holds another level, as a set's bytes
 * @param different how many these are
 */
record LevelDiff(LevelsOfSet planned, List<AtLevel> held, byte[] toSet, long different)
    implements Serializable {

  private static final byte[] NONE = BitmapBytes.bytes(new RoaringBitmap());

  /** For what Spark keeps; null for none. */
  static final Codec<LevelDiff> CODEC =
      new Codec<>() {
        private static final long serialVersionUID = 1L;

        @Override
        public void write(LevelDiff of, DataOutput out) throws IOException {
          out.writeBoolean(of != null);
          if (of != null) {
            of.planned.write(out);
            LevelsOfSet.write(of.held, out);
            Codec.write(of.toSet, out);
            out.writeLong(of.different);
          }
        }

        @Override
        public LevelDiff read(DataInput in) throws IOException {
          return in.readBoolean()
              ? new LevelDiff(
                  LevelsOfSet.read(in), LevelsOfSet.readSets(in), Codec.bytes(in), in.readLong())
              : null;
        }
      };

  /**
   * @param justified every planned user
   * @param justifiedBytes how many bytes these take as a set
   * @param toDelete users whose row is to go
   */
  static LevelDiff of(
      LevelMembers planned,
      RoaringBitmap justified,
      int justifiedBytes,
      ObjectLevels users,
      RoaringBitmap toDelete) {
    LevelsOfSet levels = LevelsOfSet.of(planned, justifiedBytes);
    if (users.existing().isEmpty()) {
      return new LevelDiff(levels, List.of(), NONE, 0);
    }
    RoaringBitmap toSet = toSet(planned.sets(), justified, users);
    RoaringBitmap changed = RoaringBitmap.or(toSet, toDelete);
    List<AtLevel> held = new ArrayList<>();
    if (!changed.isEmpty()) {
      users
          .existing()
          .forEach((level, some) -> AtLevel.add(level, RoaringBitmap.and(some, changed), held));
    }
    return new LevelDiff(levels, held, BitmapBytes.bytes(toSet), toSet.getLongCardinality());
  }

  private static RoaringBitmap toSet(
      LevelSets planned, RoaringBitmap justified, ObjectLevels users) {
    RoaringBitmap toSet = new RoaringBitmap();
    users
        .existing()
        .forEach(
            (held, some) -> {
              RoaringBitmap others = RoaringBitmap.and(some, justified);
              if (held < planned.levels() && planned.at(held) != null) {
                others.andNot(planned.at(held));
              }
              toSet.or(others);
            });
    return toSet;
  }

  /** Gathers what is known of one object after the other, where pairs have levels. */
  static final class LevelGathering<T> implements ObjectSets.Gathering<T> {
    private final GroupUsers groups;
    private final int levels;
    private final Verdict<T> verdict;
    private final ObjectLevels users;
    private Before before;

    /** What becomes of one object's sets. */
    @FunctionalInterface
    interface Verdict<T> extends Serializable {
      T of(long object, ObjectLevels users, Before before);
    }

    /**
     * What another reading planned for the object, and what became of it; empty sets where there
     * was none.
     *
     * @param planned each user at the level that was planned
     * @param written those whose row was to be added, or set
     * @param left of these, those whose row another changed first
     * @param rejected of these, those whose row the server refused
     * @param deleted whose rows were to go
     * @param stayed of these, those that stayed for a reason
     */
    record Before(
        LevelSets planned,
        RoaringBitmap written,
        RoaringBitmap left,
        RoaringBitmap rejected,
        RoaringBitmap deleted,
        RoaringBitmap stayed) {
      static Before none(int levels) {
        return new Before(
            new LevelSets(levels),
            new RoaringBitmap(),
            new RoaringBitmap(),
            new RoaringBitmap(),
            new RoaringBitmap(),
            new RoaringBitmap());
      }
    }

    private LevelGathering(GroupUsers groups, int levels, Verdict<T> verdict) {
      this.groups = groups;
      this.levels = levels;
      this.verdict = verdict;
      this.users = new ObjectLevels(levels);
      this.before = Before.none(levels);
    }

    /** Judges by a verdict. */
    static <T> ObjectSets.Judge<T> by(int levels, Verdict<T> verdict) {
      return groups -> new LevelGathering<>(groups, levels, verdict);
    }

    @Override
    public void take(PartialSet part) {
      switch (part.kind()) {
        case DIRECT -> users.addDirect(part.level(), part.set());
        case GROUPS -> addGroups(part.level(), part.set());
        case GROUP_USERS -> users.addThroughGroup(part.level(), part.set());
        case EXISTING -> users.addExisting(part.level(), part.set());
        case FOREIGN -> users.addForeign(part.set());
        case UNKNOWN_EXISTING -> users.addUnknownExisting(part.rows());
        case PLANNED -> before.planned().add(part.level(), part.set());
        case WRITTEN -> before.written().or(part.set());
        case LEFT -> before.left().or(part.set());
        case REJECTED -> before.rejected().or(part.set());
        case DELETED -> before.deleted().or(part.set());
        case STAYED -> before.stayed().or(part.set());
        default -> throw new IllegalStateException("kind " + part.kind());
      }
    }

    private void addGroups(int level, RoaringBitmap numbers) {
      PeekableIntIterator each = numbers.getIntIterator();
      while (each.hasNext()) {
        users.addThroughGroup(level, groups, each.next());
      }
    }

    @Override
    public T end(long object) {
      T judged = verdict.of(object, users, before);
      users.clear();
      before = Before.none(levels);
      return judged;
    }
  }
}
