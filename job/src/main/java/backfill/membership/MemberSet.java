package backfill.membership;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import org.roaringbitmap.RoaringBitmap;
import org.roaringbitmap.RoaringBitmapWriter;

/**
 * A set of members, each a number of 32 bits without sign: a few as they are, ascending, and many
 * as a bitmap. Of a thousand that are spread thin a bitmap is larger, and slower to unite.
 */
public final class MemberSet implements BitmapBytes.Sized {
  /** Up to so many are held as they are. */
  static final int FEW = 4096;

  /** With this, a bitmap is so much smaller that it is worth its time. */
  private static final long WORTH = 4;

  private static final long OBJECT_BYTES = 40;
  private static final long BITMAP_BYTES = 112;
  private static final long CONTAINER_BYTES = 56;
  private static final byte SEVEN_BITS = 0x7F;

  private final int[] few;
  private final RoaringBitmap many;

  private MemberSet(int[] few, RoaringBitmap many) {
    this.few = few;
    this.many = many;
  }

  /** Of members that ascend, each there once; the array is taken as it is. */
  static MemberSet of(int[] ascending) {
    if (ascending.length > FEW) {
      RoaringBitmap bitmap = bitmap(ascending);
      bitmap.runOptimize();
      return new MemberSet(null, bitmap);
    }
    if (OBJECT_BYTES + Integer.BYTES * ascending.length > WORTH * bitmapBytes(ascending)) {
      RoaringBitmap bitmap = bitmap(ascending);
      bitmap.runOptimize();
      return new MemberSet(null, bitmap);
    }
    return new MemberSet(ascending, null);
  }

  /** A bitmap, which is taken as it is. */
  static MemberSet of(RoaringBitmap bitmap) {
    return new MemberSet(null, bitmap);
  }

  /** What they would take as a bitmap at least: containers, and runs in them. */
  private static long bitmapBytes(int[] ascending) {
    int containers = 1;
    int runs = 1;
    for (int i = 1; i < ascending.length; i++) {
      if (ascending[i] >>> Short.SIZE != ascending[i - 1] >>> Short.SIZE) {
        containers++;
        runs++;
      } else if (ascending[i] != ascending[i - 1] + 1) {
        runs++;
      }
    }
    return BITMAP_BYTES
        + CONTAINER_BYTES * containers
        + Short.BYTES * Math.min(2L * runs, ascending.length);
  }

  private static RoaringBitmap bitmap(int[] ascending) {
    RoaringBitmapWriter<RoaringBitmap> writer =
        RoaringBitmapWriter.writer().optimiseForArrays().get();
    for (int member : ascending) {
      writer.add(member);
    }
    return writer.get();
  }

  /** How many there are. */
  int size() {
    return few != null ? few.length : many.getCardinality();
  }

  /** They as they are; null where they are a bitmap. */
  int[] few() {
    return few;
  }

  /** The bitmap that they are, not a copy; null where they are few. */
  RoaringBitmap many() {
    return many;
  }

  /** They as a bitmap, which is not to be changed. */
  public RoaringBitmap bitmap() {
    return few != null ? bitmap(few) : many;
  }

  @Override
  public long bytes() {
    return few != null
        ? OBJECT_BYTES + (long) Integer.BYTES * few.length
        : BitmapBytes.onHeap(many);
  }

  @Override
  public long bytesWritten() {
    if (few == null) {
      return Integer.BYTES + (long) many.serializedSizeInBytes();
    }
    long bytes = Integer.BYTES;
    int before = 0;
    for (int member : few) {
      bytes += 1 + (Integer.SIZE - 1 - Integer.numberOfLeadingZeros(member - before | 1)) / 7;
      before = member;
    }
    return bytes;
  }

  /** Few as the distances between them, seven bits in each byte. */
  @Override
  public void write(DataOutput out) throws IOException {
    if (few == null) {
      out.writeInt(-1);
      many.serialize(out);
      return;
    }
    out.writeInt(few.length);
    int before = 0;
    for (int member : few) {
      int distance = member - before;
      before = member;
      while ((distance & ~SEVEN_BITS) != 0) {
        out.writeByte(distance & SEVEN_BITS | ~SEVEN_BITS);
        distance >>>= 7;
      }
      out.writeByte(distance);
    }
  }

  static MemberSet read(DataInput in) throws IOException {
    int size = in.readInt();
    if (size < 0) {
      RoaringBitmap many = new RoaringBitmap();
      many.deserialize(in);
      return new MemberSet(null, many);
    }
    int[] few = new int[size];
    int before = 0;
    for (int i = 0; i < size; i++) {
      int distance = 0;
      byte next;
      int shift = 0;
      do {
        next = in.readByte();
        distance |= (next & SEVEN_BITS) << shift;
        shift += 7;
      } while (next < 0);
      before += distance;
      few[i] = before;
    }
    return new MemberSet(few, null);
  }

  /** For messages and tests. */
  @Override
  public String toString() {
    return few != null ? Arrays.toString(few) : many.toString();
  }
}
