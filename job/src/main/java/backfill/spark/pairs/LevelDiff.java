package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.GroupUsers;
import backfill.membership.LevelSets;
import backfill.membership.ObjectLevels;
import backfill.spark.engine.Codec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * The levels of one object after the diff.
 *
 * @param planned the users whom the sources give it, by level
 * @param held those whose row is to be set or to go, by what it holds
 * @param toSet those whose row holds another level, as a set's bytes
 * @param different how many these are
 */
record LevelDiff(List<AtLevel> planned, List<AtLevel> held, byte[] toSet, long different)
    implements Serializable {

  /**
   * Users of one level.
   *
   * @param level a number of the step's, or of what the target holds besides
   */
  record AtLevel(int level, byte[] users) implements Serializable {}

  /** For what Spark keeps; null for none. */
  static final Codec<LevelDiff> CODEC =
      new Codec<>() {
        private static final long serialVersionUID = 1L;

        @Override
        public void write(LevelDiff of, DataOutput out) throws IOException {
          out.writeBoolean(of != null);
          if (of != null) {
            write(of.planned, out);
            write(of.held, out);
            Codec.write(of.toSet, out);
            out.writeLong(of.different);
          }
        }

        private void write(List<AtLevel> sets, DataOutput out) throws IOException {
          out.writeInt(sets.size());
          for (AtLevel set : sets) {
            out.writeInt(set.level);
            Codec.write(set.users, out);
          }
        }

        @Override
        public LevelDiff read(DataInput in) throws IOException {
          return in.readBoolean()
              ? new LevelDiff(sets(in), sets(in), Codec.bytes(in), in.readLong())
              : null;
        }

        private List<AtLevel> sets(DataInput in) throws IOException {
          List<AtLevel> sets = new ArrayList<>();
          for (int left = in.readInt(); left > 0; left--) {
            int level = in.readInt();
            sets.add(new AtLevel(level, Codec.bytes(in)));
          }
          return sets;
        }
      };

  /**
   * @param justified every planned user
   * @param toDelete users whose row is to go
   */
  static LevelDiff of(
      LevelSets planned, RoaringBitmap justified, ObjectLevels users, RoaringBitmap toDelete) {
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
    RoaringBitmap changed = RoaringBitmap.or(toSet, toDelete);
    List<AtLevel> held = new ArrayList<>();
    if (!changed.isEmpty()) {
      for (Map.Entry<Integer, RoaringBitmap> each : users.existing().entrySet()) {
        add(each.getKey(), RoaringBitmap.and(each.getValue(), changed), held);
      }
    }
    List<AtLevel> all = new ArrayList<>();
    for (int level = 0; level < planned.levels(); level++) {
      if (planned.at(level) != null) {
        add(level, planned.at(level), all);
      }
    }
    return new LevelDiff(all, held, BitmapBytes.bytes(toSet), toSet.getLongCardinality());
  }

  private static void add(int level, RoaringBitmap users, List<AtLevel> to) {
    if (!users.isEmpty()) {
      to.add(new AtLevel(level, BitmapBytes.bytes(users)));
    }
  }

  /** What is known of the users of one object, user by user. Used by one thread. */
  static final class OfUsers {
    private final int[] levels;
    private final RoaringBitmap[] sets;

    private OfUsers(List<AtLevel> all) {
      this.levels = all.stream().mapToInt(AtLevel::level).toArray();
      this.sets = all.stream().map(set -> BitmapBytes.set(set.users)).toArray(RoaringBitmap[]::new);
    }

    /** The level of a user who has one. */
    int of(int user) {
      for (int i = 0; i < sets.length; i++) {
        if (sets[i].contains(user)) {
          return levels[i];
        }
      }
      throw new IllegalStateException("user " + user + " has no level");
    }
  }

  OfUsers plannedOf() {
    return new OfUsers(planned);
  }

  OfUsers heldOf() {
    return new OfUsers(held);
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
