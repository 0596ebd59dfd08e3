package backfill.spark.pairs;

import backfill.spark.engine.SparkFailure;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.serializer.SerializationStream;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag;

/**
 * Writes (object, set) pairs for a shuffle: the object's eight bytes and the set's own. Java's
 * serialization would name classes and look up fields for each of them. For nothing else.
 */
final class PartialSetSerializer extends Serializer implements Serializable {
  private static final long serialVersionUID = 1L;

  @Override
  public SerializerInstance newInstance() {
    return new Instance();
  }

  /** One pair's bytes say nothing of another's. */
  @Override
  public boolean supportsRelocationOfSerializedObjects() {
    return true;
  }

  private static final class Instance extends SerializerInstance {
    @Override
    public SerializationStream serializeStream(OutputStream out) {
      return new Writing(new DataOutputStream(out));
    }

    @Override
    public DeserializationStream deserializeStream(InputStream in) {
      return new Reading(new DataInputStream(in));
    }

    @Override
    public <T> ByteBuffer serialize(T one, ClassTag<T> type) {
      throw new UnsupportedOperationException("a shuffle writes streams");
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassTag<T> type) {
      throw new UnsupportedOperationException("a shuffle reads streams");
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassLoader loader, ClassTag<T> type) {
      return deserialize(bytes, type);
    }
  }

  private static final class Writing extends SerializationStream {
    private final DataOutputStream out;

    Writing(DataOutputStream out) {
      this.out = out;
    }

    @Override
    public <T> SerializationStream writeObject(T keyOrValue, ClassTag<T> type) {
      try {
        if (keyOrValue instanceof Long object) {
          out.writeLong(object);
        } else {
          PartialSet.CODEC.write((PartialSet) keyOrValue, out);
        }
      } catch (IOException e) {
        throw SparkFailure.<RuntimeException>unchecked(e);
      }
      return this;
    }

    @Override
    public void flush() {
      try {
        out.flush();
      } catch (IOException e) {
        throw SparkFailure.<RuntimeException>unchecked(e);
      }
    }

    @Override
    public void close() {
      try {
        out.close();
      } catch (IOException e) {
        throw SparkFailure.<RuntimeException>unchecked(e);
      }
    }
  }

  /** Ends with an {@link java.io.EOFException}, as Spark expects. */
  private static final class Reading extends DeserializationStream {
    private final DataInputStream in;

    Reading(DataInputStream in) {
      this.in = in;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> T readKey(ClassTag<T> type) {
      try {
        return (T) Long.valueOf(in.readLong());
      } catch (IOException e) {
        throw SparkFailure.<RuntimeException>unchecked(e);
      }
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> T readValue(ClassTag<T> type) {
      try {
        return (T) PartialSet.CODEC.read(in);
      } catch (IOException e) {
        throw SparkFailure.<RuntimeException>unchecked(e);
      }
    }

    @Override
    public <T> T readObject(ClassTag<T> type) {
      throw new UnsupportedOperationException("a shuffle reads keys and values");
    }

    @Override
    public void close() {
      try {
        in.close();
      } catch (IOException e) {
        throw SparkFailure.<RuntimeException>unchecked(e);
      }
    }
  }
}
