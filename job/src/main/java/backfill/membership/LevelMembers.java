package backfill.membership;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.roaringbitmap.RoaringBitmap;
import org.roaringbitmap.RoaringBitmapWriter;

/**
 * A set of members by level, each at one: a few as one array, ascending, and many as {@link
 * LevelSets}. In the array a member's 32 bits, without sign, stand above the eight of its level.
 */
public final class LevelMembers implements BitmapBytes.Sized {
  static final int LEVEL_BITS = Byte.SIZE;
  static final int LEVEL_MASK = 0xFF;

  private static final long OBJECT_BYTES = 40;

  private final long[] few;
  private final LevelSets many;
  private final int levels;
  private volatile MemberSet[] members;

  private LevelMembers(long[] few, LevelSets many, int levels) {
    this.few = few;
    this.many = many;
    this.levels = levels;
  }

  /** One member of such an array. */
  static long packed(int member, int level) {
    return Integer.toUnsignedLong(member) << LEVEL_BITS | level;
  }

  static int member(long packed) {
    return (int) (packed >>> LEVEL_BITS);
  }

  static int level(long packed) {
    return (int) packed & LEVEL_MASK;
  }

  /**
   * Of members that ascend, each there once.
   *
   * @param levels how many there are
   */
  static LevelMembers of(long[] ascending, int levels) {
    return ascending.length > MemberSet.FEW
        ? new LevelMembers(null, sets(ascending, levels), levels)
        : new LevelMembers(ascending, null, levels);
  }

  /** They are taken as they are. */
  public static LevelMembers of(LevelSets sets) {
    return new LevelMembers(null, sets, sets.levels());
  }

  /** How many there are. */
  long size() {
    return few == null ? many.size() : few.length;
  }

  /** They as one array; null where they are many. */
  long[] few() {
    return few;
  }

  /** They by level, not a copy; null where they are few. */
  LevelSets many() {
    return many;
  }

  /** They by level, which is not to be changed. */
  public LevelSets sets() {
    return few == null ? many : sets(few, levels);
  }

  /** They by level, to be changed: what was here is not to be used any more. */
  public LevelSets taken() {
    return sets();
  }

  /** Every member, at whatever level, as a set of its own. */
  public RoaringBitmap all() {
    if (few == null) {
      return many.all();
    }
    RoaringBitmapWriter<RoaringBitmap> writer =
        RoaringBitmapWriter.writer().optimiseForArrays().get();
    for (long each : few) {
      writer.add(member(each));
    }
    return writer.get();
  }

  /** The members at a level as a set; null for none. */
  RoaringBitmap bitmap(int level) {
    if (few == null) {
      return many.at(level);
    }
    RoaringBitmapWriter<RoaringBitmap> writer =
        RoaringBitmapWriter.writer().optimiseForArrays().get();
    boolean any = false;
    for (long each : few) {
      if (level(each) == level) {
        writer.add(member(each));
        any = true;
      }
    }
    return any ? writer.get() : null;
  }

  private static LevelSets sets(long[] ascending, int levels) {
    LevelSets sets = new LevelSets(levels);
    int[][] members = byLevel(ascending, levels);
    for (int level = 0; level < levels; level++) {
      if (members[level].length > 0) {
        RoaringBitmapWriter<RoaringBitmap> writer =
            RoaringBitmapWriter.writer().optimiseForArrays().get();
        for (int member : members[level]) {
          writer.add(member);
        }
        sets.put(level, writer.get());
      }
    }
    return sets;
  }

  private static int[][] byLevel(long[] ascending, int levels) {
    int[] sizes = new int[levels];
    for (long each : ascending) {
      sizes[level(each)]++;
    }
    int[][] members = new int[levels][];
    Arrays.setAll(members, level -> new int[sizes[level]]);
    Arrays.fill(sizes, 0);
    for (long each : ascending) {
      members[level(each)][sizes[level(each)]++] = member(each);
    }
    return members;
  }

  /** The users at a level as a set that groups share; null for none. */
  MemberSet at(int level) {
    MemberSet[] all = members;
    if (all == null) {
      all = new MemberSet[levels];
      int[][] ofFew = few == null ? null : byLevel(few, levels);
      for (int each = 0; each < levels; each++) {
        if (few == null) {
          all[each] = many.at(each) == null ? null : MemberSet.of(many.at(each));
        } else if (ofFew[each].length > 0) {
          all[each] = MemberSet.of(ofFew[each]);
        }
      }
      members = all;
    }
    return all[level];
  }

  /** The highest level of one. */
  int highest() {
    if (few == null) {
      return many.highest();
    }
    int highest = -1;
    for (long each : few) {
      highest = Math.max(highest, level(each));
    }
    return highest;
  }

  /** What they take on the heap, about. */
  @Override
  public long bytes() {
    return few == null ? many.bytes() : OBJECT_BYTES + (long) Long.BYTES * few.length;
  }

  @Override
  public long bytesWritten() {
    if (few != null) {
      return Integer.BYTES + (long) Long.BYTES * few.length;
    }
    long bytes = Integer.BYTES;
    for (int level = 0; level < levels; level++) {
      bytes += 1 + (many.at(level) == null ? 0L : many.at(level).serializedSizeInBytes());
    }
    return bytes;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeInt(few == null ? -1 : few.length);
    if (few != null) {
      for (long each : few) {
        out.writeLong(each);
      }
      return;
    }
    for (int level = 0; level < levels; level++) {
      out.writeBoolean(many.at(level) != null);
      if (many.at(level) != null) {
        many.at(level).serialize(out);
      }
    }
  }

  static LevelMembers read(DataInput in, int levels) throws IOException {
    int size = in.readInt();
    if (size >= 0) {
      long[] few = new long[size];
      for (int i = 0; i < size; i++) {
        few[i] = in.readLong();
      }
      return new LevelMembers(few, null, levels);
    }
    LevelSets many = new LevelSets(levels);
    for (int level = 0; level < levels; level++) {
      if (in.readBoolean()) {
        RoaringBitmap set = new RoaringBitmap();
        set.deserialize(in);
        many.put(level, set);
      }
    }
    return of(many);
  }

  /** What each number of a graph has itself. */
  interface Own {
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
  }

  /** In one array, no object for a number. */
  public static final class InOneArray implements Own, NestedWays.OwnUsers {
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
          all[next[some[i]]++] = packed(of[i], at[i]);
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
        if (i + 1 == own.length || member(own[i]) != member(own[i + 1])) {
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
        if (level(members[at]) >= least) {
          users.add(member(members[at]));
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
      return new int[] {member(smallest), member(largest)};
    }

    @Override
    public long bytes() {
      return (long) Integer.BYTES * first.length + (long) Long.BYTES * members.length;
    }
  }

  /** Sets, which are taken as they are and let go. */
  static final class InSets implements Own {
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
