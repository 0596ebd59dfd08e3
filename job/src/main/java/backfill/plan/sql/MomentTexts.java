package backfill.plan.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Finds texts that stand for the moment at which they are read: {@code TIMESTAMP 'now'}, {@code
 * CAST('today' AS DATE)}, {@code 'yesterday'::date}, {@code to_date('tomorrow')}. Where it is no
 * time, as in {@code status = 'now'}, such a text is a text.
 */
public final class MomentTexts {
  /** The words for such a moment, one or another, as part of a regular expression. */
  public static final String WORDS = "now|today|yesterday|tomorrow";

  private static final Pattern MOVING = Pattern.compile("(?is)\\s*(" + WORDS + ")(\\W.*)?");

  private static final String TIMES =
      "timestamp|timestamptz|timestamp_ltz|timestamp_ntz|date|time|timetz";

  private static final Pattern BEFORE =
      Pattern.compile(
          "(?is).*(?<![\\w.:])(?:(?:"
              + TIMES
              + ")(?:\\s+with(?:out)?\\s+time\\s+zone)?"
              + "|(?:date|timestamp|(?:try_)?to_date|(?:try_)?to_timestamp(?:_ltz|_ntz)?)\\s*\\()\\s*r?");

  private static final Pattern CAST_BEFORE =
      Pattern.compile("(?is).*(?<![\\w.:])(?:try_)?cast\\s*\\(\\s*r?");
  private static final Pattern CAST_AFTER =
      Pattern.compile("(?is)\\s*as\\s+(?:" + TIMES + ")\\b.*");
  private static final Pattern COLONS_AFTER =
      Pattern.compile("(?is)\\s*::\\s*(?:pg_catalog\\s*\\.\\s*)?(?:" + TIMES + ")\\b.*");

  private MomentTexts() {}

  /** Whether a text that is read as a time stands for the moment at which it is read. */
  public static boolean isMoving(String text) {
    return MOVING.matcher(text).matches();
  }

  /** Each as it is to be named in a message. */
  public static List<String> in(SqlText sql) {
    List<String> found = new ArrayList<>();
    String code = sql.code();
    for (SqlText.Text text : sql.texts()) {
      String before = code.substring(0, text.start());
      String after = code.substring(text.end());
      if (isMoving(text.content())
          && (BEFORE.matcher(before).matches()
              || COLONS_AFTER.matcher(after).matches()
              || CAST_BEFORE.matcher(before).matches() && CAST_AFTER.matcher(after).matches())) {
        found.add("'" + text.content() + "' as a time");
      }
    }
    return found;
  }
}
