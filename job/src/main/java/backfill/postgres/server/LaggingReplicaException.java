package backfill.postgres.server;

/**
 * A replica does not show what its primary had when it was asked, after all the time that it was
 * given: what is read there would be of some time before (exit 4).
 */
public final class LaggingReplicaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean passing;

  /**
   * @param passing whether it may catch up without anybody changing anything
   */
  LaggingReplicaException(String message, boolean passing) {
    super(message);
    this.passing = passing;
  }

  /** Whether the same command may succeed later, without anybody changing anything. */
  public boolean passing() {
    return passing;
  }
}
