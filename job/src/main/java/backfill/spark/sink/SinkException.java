package backfill.spark.sink;

import org.apache.spark.SparkThrowable;

/**
 * Why a DataFrame was not written, or not all of it, in our words alone. A class that Spark neither
 * wraps nor, in Python, prints with the JVM's stack.
 */
final class SinkException extends IllegalArgumentException implements SparkThrowable {
  private static final long serialVersionUID = 1L;

  SinkException(String message, Throwable cause) {
    super(message, cause);
  }

  SinkException(String message) {
    super(message);
  }

  /** None of Spark's own. */
  @Override
  public String getCondition() {
    return null;
  }
}
