package backfill.postgres.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * What holds a running run back, and how long it still takes; null where that is not known, and of
 * a run that does not write now.
 *
 * @param heldBy who paused it, or the signal that does or that slows it, with its reading
 * @param pace rows per second that it may write at most
 * @param secondsLeft of the step that it is at
 */
public record HeldRun(String heldBy, Long pace, Long secondsLeft) {
  /** Of a run that is over. */
  public static final HeldRun NOTHING = new HeldRun(null, null, null);

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * @param row of the status' query
   * @param rowsPerSecond that it writes now
   */
  static HeldRun of(ResultSet row, Long rowsPerSecond) throws SQLException {
    Asked asked = Asked.parse(row.getString("asked"));
    String pace = row.getString("pace");
    JsonNode now = pace == null ? null : parse(pace);
    return new HeldRun(
        heldBy(asked, now), least(asked, now), left(now, row.getLong("of_step"), rowsPerSecond));
  }

  private static JsonNode parse(String json) {
    try {
      JsonNode node = JSON.readTree(json);
      return node.isNull() ? null : node;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the ledger keeps JSON", e);
    }
  }

  private static String heldBy(Asked asked, JsonNode now) {
    if (asked.paused()) {
      return "paused by " + asked.pausedBy();
    }
    String by = now == null ? null : now.path("by").asText(null);
    return by == null ? null : (now.path("paused").asBoolean() ? "paused by " : "slowed by ") + by;
  }

  private static Long least(Asked asked, JsonNode now) {
    Long bound =
        now == null || !now.path("rowsPerSecond").isNumber()
            ? null
            : (Long) now.path("rowsPerSecond").asLong();
    if (asked.rowsPerSecond() == null || asked.rowsPerSecond().equals(Asked.OFF)) {
      return bound;
    }
    Long person = Long.valueOf(asked.rowsPerSecond());
    return bound == null || person < bound ? person : bound;
  }

  private static Long left(JsonNode now, long written, Long rowsPerSecond) {
    return now == null || rowsPerSecond == null || rowsPerSecond == 0
        ? null
        : (Long) Math.max(0, (now.path("toWrite").asLong() - written) / rowsPerSecond);
  }
}
