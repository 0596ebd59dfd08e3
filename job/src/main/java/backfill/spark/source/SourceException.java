package backfill.spark.source;

import org.apache.spark.SparkThrowable;

/**
 * Why a table is not read, in our words alone. A class that Spark neither wraps nor, in Python,
 * prints with the JVM's stack.
 */
public final class SourceException extends IllegalArgumentException implements SparkThrowable {
  private static final long serialVersionUID = 1L;

  SourceException(String message, Throwable cause) {
    super(message, cause);
  }

  public SourceException(String message) {
    super(message);
  }

  /** None of Spark's own. */
  @Override
  public String getCondition() {
    return null;
  }
}
