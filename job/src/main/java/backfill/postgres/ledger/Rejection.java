package backfill.postgres.ledger;

import backfill.postgres.catalog.ParentKey;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.server.SqlState;
import java.io.Serializable;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * One row that was planned and is not in the table.
 *
 * @param reason in a word or a sentence: the server's message, {@code parent-gone}, {@code
 *     suppressed}, {@code null-key} or {@code not-owned}
 * @param sqlState PostgreSQL's, or null
 * @param constraint the constraint that refused it, or null
 * @param key the row's key, as texts
 */
public record Rejection(String reason, String sqlState, String constraint, List<String> key)
    implements Serializable {
  private static final String PARENT_GONE = "parent-gone";
  private static final String SUPPRESSED = "suppressed";
  private static final String NULL_KEY = "null-key";
  private static final String NOT_OWNED = "not-owned";

  /** A row that the server refused by itself, with its message alone: a detail quotes the row. */
  public static Rejection of(SQLException refusal, List<String> key) {
    Optional<ServerErrorMessage> said =
        refusal instanceof PSQLException e
            ? Optional.ofNullable(e.getServerErrorMessage())
            : Optional.empty();
    return new Rejection(
        said.map(ServerErrorMessage::getMessage)
            .map(SqlFailure::oneLine)
            .orElseGet(() -> SqlFailure.message(refusal)),
        refusal.getSQLState(),
        said.map(ServerErrorMessage::getConstraint).orElse(null),
        key);
  }

  /** A row whose parent was there when the step was read, and is no more. */
  public static Rejection parentGone(ParentKey parent, List<String> key) {
    return new Rejection(
        PARENT_GONE, SqlState.FOREIGN_KEY_VIOLATION.code(), parent.constraint(), key);
  }

  /** A row whose parent never was, as far as this run knows. */
  public static Rejection orphan(ParentKey parent, List<String> parentKey, List<String> key) {
    return new Rejection(
        "%s has no row whose (%s) is (%s)"
            .formatted(
                parent.parent(),
                String.join(", ", parent.parentColumns()),
                String.join(", ", parentKey)),
        SqlState.FOREIGN_KEY_VIOLATION.code(),
        parent.constraint(),
        key);
  }

  /** A row that a trigger dropped without an error. */
  public static Rejection suppressed(List<String> key) {
    return new Rejection(SUPPRESSED, null, null, key);
  }

  /** A row that nothing can find again, so that each run would add it. */
  public static Rejection nullKey(List<String> key) {
    return new Rejection(NULL_KEY, null, null, key);
  }

  /** A row that would not be among those that the writer owns. */
  public static Rejection notOwned(List<String> key) {
    return new Rejection(NOT_OWNED, null, null, key);
  }

  /** A row that was not sent as it is, such as one with a value that is none of its column's. */
  public static Rejection unfit(String reason, List<String> key) {
    return new Rejection(SqlFailure.oneLine(reason), null, null, key);
  }

  /** Whether someone has to look at the data: not where a parent went while we wrote. */
  public boolean forTheData() {
    return !reason.equals(PARENT_GONE);
  }

  /** For people. */
  @Override
  public String toString() {
    return "("
        + String.join(", ", key).replace("\0", "\\0")
        + "): "
        + reason
        + (sqlState == null ? "" : " (SQLSTATE " + sqlState + ")");
  }
}
