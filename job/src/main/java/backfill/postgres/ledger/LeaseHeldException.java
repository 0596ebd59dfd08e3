package backfill.postgres.ledger;

/**
 * Another run holds the plan or one of its targets (exit 75): nothing was written, later it may
 * work.
 */
public final class LeaseHeldException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  LeaseHeldException(String message) {
    super(message);
  }
}
