package backfill.membership;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.roaringbitmap.RoaringBitmap;

/** What each number of a graph has itself, by level. */
public interface OwnLevels {
  /** The members of a number; null where it has none. Asked once for each. */
  LevelMembers take(int number);

  /** What it takes in memory. */
  long bytes();

  /** How many levels there are. */
  int levels();

  /** The smallest and the largest member, without sign; none where all are to be sets. */
  default int[] ends() {
    return new int[0];
  }

  /** The others will not be asked for. */
  default void keep(IntPredicate needed) {}

  /** In one array, no object for a number. */
  final class InOneArray implements OwnLevels, NestedWays.OwnUsers {
    private static final long serialVersionUID = 1L;

    private final int[] first;
    private final long[] members;
    private final int levels;

    private InOneArray(int[] first, long[] members, int levels) {
      this.first = first;
      this.members = members;
      this.levels = levels;
    }

    /**
     * @param numbers how many there are
     * @param owners which number has a member, in arrays
     * @param members what it has, in arrays of the same lengths; in any order, and one perhaps
     *     twice
     * @param levels at which it has it, in the same way
     * @param count how many levels there are
     */
    public static InOneArray of(
        int numbers, List<int[]> owners, List<int[]> members, List<byte[]> levels, int count) {
      int[] first = NestingGraph.first(numbers, owners);
      int[] next = Arrays.copyOf(first, numbers);
      long[] all = new long[first[numbers]];
      for (int part = 0; part < owners.size(); part++) {
        int[] some = owners.get(part);
        int[] of = members.get(part);
        byte[] at = levels.get(part);
        for (int i = 0; i < some.length; i++) {
          all[next[some[i]]++] = LevelMembers.packed(of[i], at[i]);
        }
      }
      IntStream.range(0, numbers)
          .parallel()
          .forEach(number -> Arrays.sort(all, first[number], first[number + 1]));
      return new InOneArray(first, all, count);
    }

    /** What so many memberships take in memory, together with the arrays that they are made of. */
    public static long bytes(long memberships) {
      return (Long.BYTES + 2L * Integer.BYTES + Byte.BYTES) * memberships;
    }

    @Override
    public int levels() {
      return levels;
    }

    /** Of a member that is there twice the highest level comes last. */
    @Override
    public LevelMembers take(int number) {
      long[] own = Arrays.copyOfRange(members, first[number], first[number + 1]);
      int size = 0;
      for (int i = 0; i < own.length; i++) {
        if (i + 1 == own.length || LevelMembers.member(own[i]) != LevelMembers.member(own[i + 1])) {
          own[size++] = own[i];
        }
      }
      return size == 0
          ? null
          : LevelMembers.of(size == own.length ? own : Arrays.copyOf(own, size), levels);
    }

    @Override
    public RoaringBitmap users(int number, int least) {
      RoaringBitmap users = new RoaringBitmap();
      for (int at = first[number]; at < first[number + 1]; at++) {
        if (LevelMembers.level(members[at]) >= least) {
          users.add(LevelMembers.member(members[at]));
        }
      }
      return users.isEmpty() ? null : users;
    }

    @Override
    public int[] ends() {
      if (members.length == 0) {
        return new int[0];
      }
      long smallest = members[0];
      long largest = members[0];
      for (long each : members) {
        smallest = Math.min(smallest, each);
        largest = Math.max(largest, each);
      }
      return new int[] {LevelMembers.member(smallest), LevelMembers.member(largest)};
    }

    @Override
    public long bytes() {
      return (long) Integer.BYTES * first.length + (long) Long.BYTES * members.length;
    }
  }

  /** Sets, which are taken as they are and let go. */
  final class InSets implements OwnLevels {
    private final LevelSets[] sets;
    private final int levels;
    private long bytes;

    InSets(LevelSets[] sets, int levels) {
      this.levels = levels;
      this.sets = sets;
      this.bytes = Arrays.stream(sets).mapToLong(each -> each == null ? 0 : each.bytes()).sum();
    }

    @Override
    public int levels() {
      return levels;
    }

    @Override
    public void keep(IntPredicate needed) {
      for (int number = 0; number < sets.length; number++) {
        if (sets[number] != null && !needed.test(number)) {
          take(number);
        }
      }
    }

    @Override
    public LevelMembers take(int number) {
      LevelSets taken = sets[number];
      sets[number] = null;
      bytes -= taken == null ? 0 : taken.bytes();
      return taken == null || taken.isEmpty() ? null : LevelMembers.of(taken);
    }

    @Override
    public long bytes() {
      return bytes;
    }
  }
}
