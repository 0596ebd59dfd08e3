package backfill.spark.engine;

import static scala.jdk.javaapi.CollectionConverters.asJava;
import static scala.jdk.javaapi.CollectionConverters.asScala;

import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaRDDLike;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.Function;
import scala.Function1;
import scala.Tuple2;
import scala.collection.IterableOnce;
import scala.reflect.ClassTag;

/**
 * What is made of elements, on the executors that have them, when it is asked for. Spark's own
 * {@code map}, {@code flatMap} and {@code filter} do the same; that they are not used has the
 * reason that {@link SparkJobs} has.
 */
public final class Derived {
  private Derived() {}

  /** Partition by partition. */
  public static <T, R> JavaRDD<R> ofPartitions(
      JavaRDDLike<T, ?> elements, FlatMapFunction<Iterator<T>, R> made) {
    return lazily(elements, some -> asScala(made.call(asJava(some))));
  }

  /** Something of each. */
  public static <T, R> JavaRDD<R> each(JavaRDDLike<T, ?> elements, Function<T, R> made) {
    return lazily(elements, some -> some.map(element -> called(made, element)));
  }

  /** Any number of each. */
  public static <T, R> JavaRDD<R> several(JavaRDDLike<T, ?> elements, FlatMapFunction<T, R> made) {
    return lazily(
        elements,
        some -> some.flatMap(element -> (IterableOnce<R>) asScala(called(made::call, element))));
  }

  /** Those for which a condition holds. */
  public static <T> JavaRDD<T> where(JavaRDDLike<T, ?> elements, Function<T, Boolean> condition) {
    return lazily(elements, some -> some.filter(element -> called(condition, element)));
  }

  /** All of these, at least one, one after the other. */
  @SuppressWarnings("unchecked")
  public static <T> JavaRDD<T> together(List<JavaRDD<T>> several) {
    JavaRDD<T> first = several.get(0);
    return several.size() == 1
        ? first
        : JavaSparkContext.fromSparkContext(first.context())
            .union((JavaRDD<T>[]) several.toArray(new JavaRDD<?>[0]));
  }

  /** Tuples as keys with values. */
  public static <K, V> JavaPairRDD<K, V> pairs(JavaRDD<Tuple2<K, V>> tuples) {
    return JavaPairRDD.fromJavaRDD(tuples);
  }

  /** What is made of a partition, as Spark passes it on. */
  @FunctionalInterface
  private interface Lazily<T, R> extends Serializable {
    scala.collection.Iterator<R> of(scala.collection.Iterator<T> some) throws Exception;
  }

  private static <T, R> JavaRDD<R> lazily(JavaRDDLike<T, ?> elements, Lazily<T, R> made) {
    Function1<scala.collection.Iterator<T>, scala.collection.Iterator<R>> task =
        (Function1<scala.collection.Iterator<T>, scala.collection.Iterator<R>> & Serializable)
            some -> {
              try {
                return made.of(some);
              } catch (Exception e) {
                throw SparkFailure.<RuntimeException>unchecked(e);
              }
            };
    ClassTag<R> any = ClassTag.apply(Object.class);
    return elements.rdd().mapPartitions(task, false, any).toJavaRDD();
  }

  private static <T, R> R called(Function<T, R> made, T element) {
    try {
      return made.call(element);
    } catch (Exception e) {
      throw SparkFailure.<RuntimeException>unchecked(e);
    }
  }
}
