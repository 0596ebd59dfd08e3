package backfill.postgres.server;

import java.util.List;

/**
 * The servers are not as the plan needs them, or cannot be reached (exit 3): every reason at once.
 */
public final class NotReadyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> reasons;
  private final boolean retryable;

  /**
   * @param reasons at least one, a sentence or two each
   * @param retryable whether the same command may succeed later without anybody changing anything
   *     (no connection)
   */
  public NotReadyException(List<String> reasons, boolean retryable, Throwable cause) {
    super(String.join("\n", reasons), cause);
    this.reasons = List.copyOf(reasons);
    this.retryable = retryable;
  }

  public NotReadyException(List<String> reasons) {
    this(reasons, false, null);
  }

  public List<String> reasons() {
    return reasons;
  }

  public boolean retryable() {
    return retryable;
  }
}
