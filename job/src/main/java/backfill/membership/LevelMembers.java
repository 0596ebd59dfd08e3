package backfill.membership;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.IntPredicate;
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

  /**
   * They by level. Many are not copied: after a change of these, this is not to be used any more.
   */
  public LevelSets sets() {
    return few == null ? many : sets(few, levels);
  }

  /** Every member, at whatever level, as a set of its own. */
  public RoaringBitmap all() {
    return few == null ? many.all() : fewAt(level -> true);
  }

  /** The members at a level as a set; null for none. */
  RoaringBitmap bitmap(int level) {
    if (few == null) {
      return many.at(level);
    }
    RoaringBitmap set = fewAt(each -> each == level);
    return set.isEmpty() ? null : set;
  }

  private RoaringBitmap fewAt(IntPredicate wanted) {
    RoaringBitmapWriter<RoaringBitmap> writer =
        RoaringBitmapWriter.writer().optimiseForArrays().get();
    for (long each : few) {
      if (wanted.test(level(each))) {
        writer.add(member(each));
      }
    }
    return writer.get();
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
}
