package backfill.plan.sql;

import java.util.ArrayList;
import java.util.List;

/**
 * SQL with everything that is not code blanked out: strings, quoted identifiers and comments become
 * spaces, so that a search finds code alone and every position stays what it was.
 */
public final class SqlText {
  private final StringBuilder code;
  private final List<Text> texts = new ArrayList<>();
  private boolean closed = true;

  /** A text in quotes, and where it is: from its opening quote to after its closing one. */
  public record Text(int start, int end, String content) {}

  public SqlText(String sql) {
    this.code = new StringBuilder(sql);
    for (SqlLexer.Token token : SqlLexer.tokensOfEither(sql)) {
      closed &= token.closed();
      switch (token.kind()) {
        case TEXT -> {
          blank(token);
          texts.add(new Text(token.from(), token.to(), token.text()));
        }
        case NAME -> {
          blank(token);
          edges(token, '"');
          texts.add(new Text(token.from(), token.to(), token.text()));
        }
        case BACKTICKED -> {
          blank(token);
          edges(token, '`');
        }
        case COMMENT -> blank(token);
        case WORD, SIGN -> {}
      }
    }
  }

  /** The code alone. The quotes of an identifier stay, what is between them goes. */
  public String code() {
    return code.toString();
  }

  /** What stands in quotes; what stands in double ones is a text in Spark SQL alone. */
  public List<Text> texts() {
    return texts;
  }

  /** Whether every quote and comment that was opened is closed again. */
  public boolean closed() {
    return closed;
  }

  private void blank(SqlLexer.Token token) {
    for (int at = token.from(); at < token.to(); at++) {
      code.setCharAt(at, ' ');
    }
  }

  private void edges(SqlLexer.Token token, char quote) {
    code.setCharAt(token.from(), quote);
    code.setCharAt(token.to() - 1, quote);
  }
}
