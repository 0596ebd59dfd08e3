package backfill.spark.engine;

import static scala.jdk.javaapi.CollectionConverters.asJava;
import static scala.jdk.javaapi.CollectionConverters.asScala;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.JavaFutureActionWrapper;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDDLike;
import scala.Function0;
import scala.Function1;
import scala.Function2;
import scala.reflect.ClassTag;
import scala.runtime.BoxedUnit;

/**
 * Jobs over elements, whose answers come to the driver. Spark's own do the same, but read the
 * bytecode of their functions each time to find what these hold without need; that takes longer
 * than a small job. Functions of Java's it takes as they are.
 */
public final class SparkJobs {
  private SparkJobs() {}

  /** What is made of a partition on an executor. */
  @FunctionalInterface
  public interface OfPartition<T, R> extends Serializable {
    R of(Iterator<T> elements) throws Exception;
  }

  /** What one element counts. */
  @FunctionalInterface
  public interface Weight<T> extends Serializable {
    long of(T element);
  }

  /** A sum and one more. */
  @FunctionalInterface
  public interface Sum<S, T> extends Serializable {
    S and(S sum, T more);
  }

  /** All elements, in the order of their partitions. */
  public static <T> List<T> collect(JavaRDDLike<T, ?> elements) {
    List<T> all = new ArrayList<>();
    ofEach(elements, SparkJobs::held).forEach(all::addAll);
    return all;
  }

  /** Begins a job for all elements, whose answer is what {@link #collect} gives. */
  public static <T> JavaFutureAction<List<T>> begin(JavaRDDLike<T, ?> elements) {
    SparkContext spark = elements.context();
    Function1<scala.collection.Iterator<T>, ArrayList<T>> task =
        (Function1<scala.collection.Iterator<T>, ArrayList<T>> & Serializable)
            some -> held(asJava(some));
    List<List<T>> answers =
        new ArrayList<>(Collections.nCopies(elements.getNumPartitions(), List.of()));
    Function2<Object, ArrayList<T>, BoxedUnit> answered =
        (partition, some) -> {
          answers.set((Integer) partition, some);
          return BoxedUnit.UNIT;
        };
    List<Object> partitions = new ArrayList<>();
    for (int partition = 0; partition < answers.size(); partition++) {
      partitions.add(partition);
    }
    Function0<List<T>> all = () -> answers.stream().flatMap(List::stream).toList();
    return new JavaFutureActionWrapper<>(
        spark.submitJob(elements.rdd(), task, asScala(partitions).toSeq(), answered, all),
        answer -> answer);
  }

  private static <T> ArrayList<T> held(Iterator<T> elements) {
    ArrayList<T> held = new ArrayList<>();
    elements.forEachRemaining(held::add);
    return held;
  }

  /** What is made of each partition, in their order. */
  public static <T, R> List<R> ofEach(JavaRDDLike<T, ?> elements, OfPartition<T, R> of) {
    Function2<TaskContext, scala.collection.Iterator<T>, R> task =
        (Function2<TaskContext, scala.collection.Iterator<T>, R> & Serializable)
            (context, some) -> {
              try {
                return of.of(asJava(some));
              } catch (Exception e) {
                throw SparkFailure.<RuntimeException>unchecked(e);
              }
            };
    Object answers = elements.context().runJob(elements.rdd(), task, ClassTag.apply(Object.class));
    @SuppressWarnings("unchecked")
    List<R> listed = (List<R>) Arrays.asList((Object[]) answers);
    return listed;
  }

  /** What all elements count together. */
  public static <T> long sum(JavaRDDLike<T, ?> elements, Weight<T> weight) {
    return ofEach(elements, some -> sum(some, weight)).stream().mapToLong(Long::longValue).sum();
  }

  static <T> long sum(Iterator<T> elements, Weight<T> weight) {
    long sum = 0;
    while (elements.hasNext()) {
      sum += weight.of(elements.next());
    }
    return sum;
  }

  /**
   * The sum of all elements.
   *
   * @param zero what each partition, and the driver, begins with: a copy in each task
   * @param both the sums of two partitions, in their order
   */
  public static <T, S> S sum(
      JavaRDDLike<T, ?> elements, S zero, Sum<S, T> element, Sum<S, S> both) {
    S all = zero;
    for (S some :
        ofEach(
            elements,
            partition -> {
              S sum = zero;
              while (partition.hasNext()) {
                sum = element.and(sum, partition.next());
              }
              return sum;
            })) {
      all = both.and(all, some);
    }
    return all;
  }
}
