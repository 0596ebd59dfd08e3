package backfill.postgres.write;

import backfill.postgres.ledger.Rejection;
import java.util.List;

/**
 * More rows were rejected than {@code limits.rejected-rows}, or the sink's option, allows (exit 6):
 * the good rows of the batch are in, and a rerun rejects the others again.
 */
public final class TooManyRejectedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private TooManyRejectedException(
      String limit, long rejected, long allowed, List<Rejection> rejections) {
    super(
        (rejected == 1 ? "1 row was" : rejected + " rows were")
            + " rejected, and "
            + limit
            + " allows "
            + allowed
            + first(rejections));
  }

  /**
   * Throws it where it is due.
   *
   * @param rejected rows, without those whose parent went meanwhile
   * @param rejections what is known of them
   */
  public static void check(long rejected, long allowed, List<Rejection> rejections) {
    check("limits.rejected-rows", rejected, allowed, rejections);
  }

  /**
   * Throws it where it is due.
   *
   * @param limit what allows that many, as it is called where it is set
   */
  public static void check(String limit, long rejected, long allowed, List<Rejection> rejections) {
    if (rejected > allowed) {
      throw new TooManyRejectedException(limit, rejected, allowed, rejections);
    }
  }

  private static String first(List<Rejection> rejections) {
    return rejections.stream()
        .filter(Rejection::forTheData)
        .findFirst()
        .map(rejection -> "; the first one, " + rejection)
        .orElse("");
  }

  /** Whether a failure comes from one. */
  public static boolean in(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof TooManyRejectedException) {
        return true;
      }
    }
    return false;
  }
}
