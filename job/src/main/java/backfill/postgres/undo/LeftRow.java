package backfill.postgres.undo;

import java.util.List;

/**
 * A row that is left as it is, and why.
 *
 * @param key as the server writes it
 */
public record LeftRow(List<String> key, String reason) {
  static final String CHANGED = "was changed since";
  static final String GONE = "is gone";
  static final String SUPPRESSED = "a trigger keeps it as it is";
  static final String TAKEN = "another row holds its key, or a value that must be unique";

  static String laterRun(String runId) {
    return "run " + runId + " wrote it later";
  }

  static String referredTo(String table) {
    return "rows of " + table + " refer to it";
  }
}
