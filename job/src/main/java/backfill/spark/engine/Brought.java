package backfill.spark.engine;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDDLike;

/**
 * Elements that come to the driver if it can hold them, in the job that weighs them: each partition
 * brings its own as long as they are within its share of what all may weigh.
 */
public final class Brought<T> {
  private final JavaRDDLike<T, ?> of;
  private final List<Part<T>> parts;
  private final long weight;

  private Brought(JavaRDDLike<T, ?> of, List<Part<T>> parts) {
    this.of = of;
    this.parts = parts;
    this.weight = parts.stream().mapToLong(Part::weight).sum();
  }

  /**
   * @param most what they may weigh to come
   */
  public static <T> Brought<T> of(
      JavaRDDLike<T, ?> elements, SparkJobs.Weight<T> weight, long most) {
    long share = most / Math.max(1, elements.getNumPartitions());
    return new Brought<>(
        elements, SparkJobs.ofEach(elements, some -> Part.of(some, weight, share)));
  }

  /** What all elements weigh. */
  public long weight() {
    return weight;
  }

  /**
   * All of them, in the order of their partitions; to be asked for only if they are no more than
   * may come. It takes another job where one partition had more than its share.
   */
  public List<T> elements() {
    return parts.stream().allMatch(part -> part.held() != null)
        ? parts.stream().flatMap(part -> part.held().stream()).toList()
        : SparkJobs.collect(of);
  }

  /**
   * Those of one partition.
   *
   * @param held null where they are more than its share
   */
  private record Part<T>(long weight, ArrayList<T> held) implements Serializable {
    static <T> Part<T> of(Iterator<T> elements, SparkJobs.Weight<T> weight, long share) {
      ArrayList<T> held = new ArrayList<>();
      long sum = 0;
      while (elements.hasNext()) {
        T element = elements.next();
        sum += weight.of(element);
        if (sum > share) {
          held = null;
        } else {
          held.add(element);
        }
      }
      return new Part<>(sum, held);
    }
  }
}
