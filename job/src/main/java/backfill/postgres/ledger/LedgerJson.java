package backfill.postgres.ledger;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * JSON as the ledger's {@code jsonb} takes it: that type has no U+0000, which a key that was
 * refused for it has. In the ledger such a character is U+0001 and a 0, and U+0001 itself is
 * followed by a 1.
 *
 * @see <a href="https://www.postgresql.org/docs/current/datatype-json.html">JSON Types</a>
 */
final class LedgerJson {
  /** An escape of JSON, so that what follows an escaped backslash is not taken for one. */
  private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u0000|u0001|.)");

  private static final Pattern ESCAPED = Pattern.compile("\\\\(?:u00010|u00011|.)");

  private LedgerJson() {}

  /** The text that jsonb takes. */
  static String stored(String json) {
    return ESCAPE
        .matcher(json)
        .replaceAll(
            found ->
                switch (found.group()) {
                  case "\\u0000" -> "\\\\u00010";
                  case "\\u0001" -> "\\\\u00011";
                  default -> Matcher.quoteReplacement(found.group());
                });
  }

  /** What was given to {@link #stored}. */
  static String read(String stored) {
    return ESCAPED
        .matcher(stored)
        .replaceAll(
            found ->
                switch (found.group()) {
                  case "\\u00010" -> "\\\\u0000";
                  case "\\u00011" -> "\\\\u0001";
                  default -> Matcher.quoteReplacement(found.group());
                });
  }
}
