package backfill.postgres.server;

import backfill.plan.InvalidPlanException;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The servers are not as the plan needs them, or cannot be reached (exit 3): every reason at once.
 */
public final class NotReadyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int LONGEST = 10_000;

  private final transient List<String> reasons;
  private final boolean retryable;

  /**
   * @param reasons at least one, a sentence or two each
   * @param retryable whether the same command may succeed later without anybody changing anything
   *     (no connection)
   */
  public NotReadyException(List<String> reasons, boolean retryable, Throwable cause) {
    super(String.join("\n", shown(reasons)), cause);
    this.reasons = shown(reasons);
    this.retryable = retryable;
  }

  /**
   * A table of the connector's could not be looked up.
   *
   * @param table as it was written
   * @param address of the server
   */
  public static NotReadyException ofLookup(String table, String address, SQLException e) {
    return new NotReadyException(
        List.of("cannot look up " + table + " at " + address + ": " + ConnectionFailure.oneLine(e)),
        ConnectionFailure.passing(e.getSQLState()),
        e);
  }

  /** A server repeats what it was asked, whatever characters that has, and a GRANT may be long. */
  private static List<String> shown(List<String> reasons) {
    return reasons.stream()
        .map(
            reason ->
                reason
                    .lines()
                    .map(line -> InvalidPlanException.shown(line, LONGEST))
                    .collect(Collectors.joining("\n")))
        .toList();
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
