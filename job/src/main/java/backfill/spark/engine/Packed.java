package backfill.spark.engine;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaRDD;

/**
 * Small elements as Spark is to keep them: many in one array of bytes. It measures what it keeps
 * object by object, again and again as they come, and each object has a header.
 *
 * @param arrays kept by Spark; in the order of the elements
 */
public record Packed<T>(JavaRDD<byte[]> arrays, Codec<T> codec) {
  private static final int ARRAY_BYTES = 256 << 10;

  /** Keeps these elements from their first use on. */
  public static <T> Packed<T> keep(JavaRDD<T> elements, Codec<T> codec, KeptInSpark kept) {
    return new Packed<>(
        kept.keep(Derived.ofPartitions(elements, partition -> new Packing<>(partition, codec))),
        codec);
  }

  /** The elements, made anew whenever they are used. */
  public JavaRDD<T> elements() {
    Codec<T> by = codec;
    return Derived.several(arrays, array -> new Unpacking<>(array, by));
  }

  private record Packing<T>(Iterator<T> elements, Codec<T> codec) implements Iterator<byte[]> {
    @Override
    public boolean hasNext() {
      return elements.hasNext();
    }

    @Override
    public byte[] next() {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (DataOutputStream out = new DataOutputStream(bytes)) {
        do {
          codec.write(elements.next(), out);
        } while (elements.hasNext() && bytes.size() < ARRAY_BYTES);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return bytes.toByteArray();
    }
  }

  private static final class Unpacking<T> implements Iterator<T> {
    private final ByteArrayInputStream bytes;
    private final DataInputStream in;
    private final Codec<T> codec;

    Unpacking(byte[] array, Codec<T> codec) {
      this.bytes = new ByteArrayInputStream(array);
      this.in = new DataInputStream(bytes);
      this.codec = codec;
    }

    @Override
    public boolean hasNext() {
      return bytes.available() > 0;
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      try {
        return codec.read(in);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
