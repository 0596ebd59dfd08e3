package backfill.membership.key;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Iterator;
import org.roaringbitmap.longlong.Roaring64Bitmap;

/** A set of integer keys of any width, compressed; read by many threads. */
public final class KeySet implements Serializable {
  private static final long serialVersionUID = 1L;

  private final byte[] bytes;
  private transient volatile Roaring64Bitmap set;

  private KeySet(Roaring64Bitmap keys) {
    keys.runOptimize();
    bytes = new byte[Math.toIntExact(keys.serializedSizeInBytes())];
    try {
      keys.serialize(ByteBuffer.wrap(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException("a buffer of the right size takes a set", e);
    }
  }

  /** The set of all keys of these arrays. */
  public static KeySet of(Iterator<long[]> keys) {
    Roaring64Bitmap set = new Roaring64Bitmap();
    while (keys.hasNext()) {
      set.add(keys.next());
    }
    return new KeySet(set);
  }

  /** Every key that one of the sets has. */
  public static KeySet union(Collection<KeySet> sets) {
    Roaring64Bitmap all = new Roaring64Bitmap();
    sets.forEach(one -> all.or(one.set()));
    return new KeySet(all);
  }

  /** Whether it has this key. */
  public boolean contains(long key) {
    return set().contains(key);
  }

  /** How many there are. */
  public long size() {
    return set().getLongCardinality();
  }

  /** All of them, ascending as numbers without a sign. */
  public long[] toArray() {
    return set().toArray();
  }

  private Roaring64Bitmap set() {
    Roaring64Bitmap read = set;
    if (read == null) {
      read = new Roaring64Bitmap();
      try {
        read.deserialize(ByteBuffer.wrap(bytes));
      } catch (IOException e) {
        throw new UncheckedIOException(
            "a set of " + bytes.length + " bytes is not in RoaringBitmap's portable format", e);
      }
      set = read;
    }
    return read;
  }
}
