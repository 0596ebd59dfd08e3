package backfill.spark.engine;

import org.apache.spark.SparkException;

/** Tells a failure of Spark (a lost executor, a job that was given up) from one of ours. */
public final class SparkFailure {
  private SparkFailure() {}

  public static boolean is(Throwable failure) {
    return failure instanceof SparkException;
  }

  /** Throws any failure where a signature of Spark's, or of Java's, declares none. */
  @SuppressWarnings("unchecked")
  public static <E extends Throwable> RuntimeException unchecked(Throwable failure) throws E {
    throw (E) failure;
  }
}
