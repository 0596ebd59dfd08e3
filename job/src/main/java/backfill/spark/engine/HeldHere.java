package backfill.spark.engine;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.reflect.ClassTag;

/**
 * What the tasks of a local run use as it is. Spark's own broadcast would write it into blocks, and
 * hold both: for what takes half of the driver's memory that is too much.
 */
public final class HeldHere<T> extends Broadcast<T> {
  private static final long serialVersionUID = 1L;

  /** By ids of its own, which a task brings along. */
  private static final Map<Long, Object> HELD = new ConcurrentHashMap<>();

  private static final AtomicLong LAST = new AtomicLong();

  private HeldHere(long id, ClassTag<T> type) {
    super(id, type);
  }

  /** Held until it is destroyed, where all tasks are in this JVM; else it is broadcast. */
  public static <T> Broadcast<T> orBroadcast(T value, JavaSparkContext spark) {
    if (!spark.isLocal()) {
      return spark.broadcast(value);
    }
    // Spark counts up from 0.
    long id = LAST.decrementAndGet();
    HELD.put(id, value);
    return new HeldHere<>(id, ClassTag.apply(value.getClass()));
  }

  /** Only ever of the type that it was put as. */
  @SuppressWarnings("unchecked")
  @Override
  public T getValue() {
    return (T) HELD.get(id());
  }

  /** What Spark says of it is no word of ours: it stands where Spark's own broadcasts are. */
  @Override
  public String logName() {
    return Broadcast.class.getName();
  }

  @Override
  public void doUnpersist(boolean blocking) {
    // It is nowhere else.
  }

  @Override
  public void doDestroy(boolean blocking) {
    HELD.remove(id());
  }
}
