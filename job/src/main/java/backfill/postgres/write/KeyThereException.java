package backfill.postgres.write;

import backfill.postgres.server.SqlState;
import java.sql.SQLException;
import java.util.List;

/** A row was only to be added, and its key is there: nothing of its batch may stay. */
public final class KeyThereException extends SQLException {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN = 10;

  KeyThereException(String message) {
    super(message, SqlState.UNIQUE_VIOLATION.code());
  }

  /** Of these keys. */
  static KeyThereException of(List<List<String>> keys) {
    StringBuilder text =
        new StringBuilder(
            keys.size() == 1
                ? "the key of 1 row is in the table already: "
                : "the keys of " + keys.size() + " rows are in the table already: ");
    text.append(
        String.join(
            ", ",
            keys.stream().limit(SHOWN).map(key -> "(" + String.join(", ", key) + ")").toList()));
    if (keys.size() > SHOWN) {
      text.append(" and ").append(keys.size() - SHOWN).append(" more");
    }
    return new KeyThereException(text.toString());
  }
}
