package backfill.spark.read;

/**
 * What the sources say cannot be written as they say it (exit 4, and no retry helps): several rows
 * for one key, or a key that its column cannot hold.
 */
public final class UnfitRowsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UnfitRowsException(String message) {
    super(message);
  }

  /** Whether a failure comes from one. */
  public static boolean in(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof UnfitRowsException) {
        return true;
      }
    }
    return false;
  }
}
