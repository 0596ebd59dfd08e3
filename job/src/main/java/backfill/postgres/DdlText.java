package backfill.postgres;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a plan's {@code ddl} statement says of itself: not a parser, but enough to send it rightly.
 */
final class DdlText {
  private static final Pattern NOT_CODE =
      Pattern.compile("'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\\n]*|/\\*.*?\\*/", Pattern.DOTALL);
  private static final String NAME = "(?:\"(?:[^\"]|\"\")+\"|[\\p{L}_][\\p{L}\\d_$]*)";
  private static final String DOTTED = "(" + NAME + "(?:\\s*\\.\\s*" + NAME + ")?)";
  private static final Pattern CONCURRENTLY = word("CONCURRENTLY");
  private static final Pattern INDEX_ON =
      Pattern.compile(
          "(?is)^\\s*CREATE\\s+(?:UNIQUE\\s+)?INDEX\\b.*?\\bON\\s+(?:ONLY\\s+)?" + DOTTED);
  private static final Pattern ALTERED =
      Pattern.compile("(?is)^\\s*ALTER\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?" + DOTTED);

  private final String sql;

  DdlText(String sql) {
    this.sql = sql;
  }

  private static Pattern word(String word) {
    return Pattern.compile("(?i)(?<![\\w$])" + word + "(?![\\w$])");
  }

  /** Whether the server refuses it within a transaction. */
  boolean concurrently() {
    return CONCURRENTLY.matcher(code()).find();
  }

  private String code() {
    return NOT_CODE.matcher(sql).replaceAll(" ").strip();
  }

  /** The table that it indexes or alters, as it writes it; empty for other statements. */
  Optional<String> table() {
    for (Pattern pattern : new Pattern[] {INDEX_ON, ALTERED}) {
      Matcher found = pattern.matcher(sql);
      if (found.find()) {
        return Optional.of(found.group(1));
      }
    }
    return Optional.empty();
  }

  /** The lock that it takes on its table; empty where that is not known. */
  Optional<TableLock> lock() {
    String words = code().replaceAll("\\s+", " ").toUpperCase(java.util.Locale.ROOT);
    if (words.matches("(CREATE( UNIQUE)? INDEX|DROP INDEX) .*")) {
      boolean drops = words.startsWith("DROP");
      return Optional.of(
          concurrently()
              ? TableLock.SHARE_UPDATE_EXCLUSIVE
              : drops ? TableLock.ACCESS_EXCLUSIVE : TableLock.SHARE);
    }
    return words.matches("ALTER TABLE .* (ADD|DROP)( COLUMN)? .*") || words.startsWith("DROP TABLE")
        ? Optional.of(TableLock.ACCESS_EXCLUSIVE)
        : Optional.empty();
  }

  /**
   * What stands behind the name of a column that it adds, up to the next action: its type first.
   */
  Optional<String> definitionOf(String column) {
    Matcher added =
        Pattern.compile(
                "(?is)\\bADD\\s+(?:COLUMN\\s+)?(?:IF\\s+NOT\\s+EXISTS\\s+)?(?:"
                    + Pattern.quote(column)
                    + "|"
                    + Pattern.quote(TableName.quote(column))
                    + ")\\s+")
            .matcher(sql);
    if (!added.find()) {
      return Optional.empty();
    }
    int depth = 0;
    int at = added.end();
    for (; at < sql.length(); at++) {
      char c = sql.charAt(at);
      depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
      if (depth == 0 && (c == ',' || c == ';')) {
        break;
      }
    }
    return Optional.of(sql.substring(added.end(), at).strip());
  }
}
