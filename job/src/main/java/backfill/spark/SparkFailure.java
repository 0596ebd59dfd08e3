package backfill.spark;

import org.apache.spark.SparkException;

/** Tells a failure of Spark (a lost executor, a job that was given up) from one of ours. */
public final class SparkFailure {
  private SparkFailure() {}

  public static boolean is(Throwable failure) {
    return failure instanceof SparkException;
  }
}
