package backfill.membership;

import java.io.DataOutput;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import org.roaringbitmap.RoaringBitmap;

/** Bitmaps as bytes, in RoaringBitmap's portable format, and back; and how many they take here. */
public final class BitmapBytes {
  private static final long SET_BYTES = 112;
  private static final long CONTAINER_BYTES = 56;

  private BitmapBytes() {}

  /** A set, however it is held, that may travel. */
  interface Sized {
    /** What it takes on the heap, about. */
    long bytes();

    /** What {@link #write} writes, in bytes. */
    long bytesWritten();

    void write(DataOutput out) throws IOException;
  }

  /** The bytes of a set, compressed as far as it goes. */
  public static byte[] bytes(RoaringBitmap set) {
    set.runOptimize();
    byte[] bytes = new byte[set.serializedSizeInBytes()];
    set.serialize(ByteBuffer.wrap(bytes));
    return bytes;
  }

  /** The set of {@link #bytes}. */
  public static RoaringBitmap set(byte[] bytes) {
    RoaringBitmap set = new RoaringBitmap();
    try {
      set.deserialize(ByteBuffer.wrap(bytes));
    } catch (IOException | BufferUnderflowException e) {
      throw new IllegalArgumentException(
          "a set of " + bytes.length + " bytes is not in RoaringBitmap's portable format", e);
    }
    return set;
  }

  /** What a set takes on the heap, about: a container is an object and an array of its own. */
  static long onHeap(RoaringBitmap set) {
    return SET_BYTES + CONTAINER_BYTES * set.getContainerCount() + set.getLongSizeInBytes();
  }
}
