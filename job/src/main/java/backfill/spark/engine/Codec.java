package backfill.spark.engine;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;

/** How elements become bytes and come back, without a word about their class. */
public interface Codec<T> extends Serializable {
  void write(T element, DataOutput out) throws IOException;

  T read(DataInput in) throws IOException;

  /** Writes an array of bytes, or null. */
  static void write(byte[] bytes, DataOutput out) throws IOException {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) {
      out.write(bytes);
    }
  }

  /** Reads what the other one wrote. */
  static byte[] bytes(DataInput in) throws IOException {
    int length = in.readInt();
    if (length < 0) {
      return null;
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }
}
