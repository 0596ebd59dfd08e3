package backfill.postgres.ledger;

import backfill.postgres.server.TableName;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.UUID;

/**
 * What people asked of a running run: that it pauses, or how fast it may write. The last of each
 * holds; the run's row of the ledger keeps all of them.
 *
 * @param paused whether it is to wait
 * @param pausedBy who said so last, or null
 * @param rowsPerSecond a number, {@link #OFF}, or null where no one asked
 * @param log everything that was asked, in order
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Asked(
    boolean paused, String pausedBy, String rowsPerSecond, String pacedBy, List<Entry> log) {
  /** No bound. */
  public static final String OFF = "off";

  /** Nothing was asked. */
  public static final Asked NOTHING = new Asked(false, null, null, null, List.of());

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One command.
   *
   * @param asked pause, unpause or pace
   * @param rowsPerSecond a number or {@link #OFF}; null for the others
   * @param by who asked
   * @param at the server's time
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Entry(String asked, String rowsPerSecond, String by, String at) {}

  public Asked {
    log = log == null ? List.of() : List.copyOf(log);
  }

  /** Reads what the ledger has; null stands for nothing, as JSON's null does. */
  public static Asked parse(String json) {
    if (json == null) {
      return NOTHING;
    }
    try {
      Asked asked = JSON.readValue(LedgerJson.read(json), Asked.class);
      return asked == null ? NOTHING : asked;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the ledger holds what was written there", e);
    }
  }

  /** Asks the ledger for it. */
  public static String sql(String schema, UUID runId) {
    return "SELECT asked FROM " + TableName.quote(schema) + ".run WHERE run_id = '" + runId + "'";
  }
}
