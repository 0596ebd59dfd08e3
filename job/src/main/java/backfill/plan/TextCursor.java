package backfill.plan;

/**
 * A position in HOCON text that steps over whole blanks, comments and strings, and knows its line.
 */
final class TextCursor {
  private static final String TRIPLE = "\"\"\"";

  /** A plan needs five. */
  static final int DEEPEST = 100;

  private final String text;
  private int position;
  private int line = 1;

  TextCursor(String text) {
    this.text = text;
  }

  /**
   * The line on which blocks and lists, or a key's parts, are nested deeper than in any plan, and
   * so deep that the parser would not come back; 0 where none are. The text may be any.
   */
  static int tooDeep(String text) {
    TextCursor cursor = new TextCursor(text);
    int open = 0;
    int parts = 0;
    while (!cursor.atEnd() && open <= DEEPEST && parts <= DEEPEST) {
      if (cursor.atComment()) {
        cursor.skipLines();
        parts = 0;
        continue;
      }
      switch (cursor.next()) {
        case "{", "[" -> {
          open++;
          parts = 0;
        }
        case "}", "]" -> {
          open--;
          parts = 0;
        }
        case "\n", ",", "=", ":" -> parts = 0;
        case "." -> parts++;
        default -> {}
      }
    }
    return open > DEEPEST || parts > DEEPEST ? cursor.line : 0;
  }

  int line() {
    return line;
  }

  boolean atEnd() {
    return position >= text.length();
  }

  boolean at(String expected) {
    return text.startsWith(expected, position);
  }

  boolean atComment() {
    return at("#") || at("//");
  }

  /** Whether this unquoted word stands here, and not as the beginning of a longer one. */
  boolean atWord(String word) {
    int end = position + word.length();
    return at(word) && (end >= text.length() || " \t\"(".indexOf(text.charAt(end)) >= 0);
  }

  /** Steps over the text, if it stands here. */
  boolean take(String expected) {
    if (!at(expected)) {
      return false;
    }
    advance(expected.length());
    return true;
  }

  /** Steps over one character, or over a whole string, and returns it. */
  String next() {
    int start = position;
    if (at(TRIPLE)) {
      int end = text.indexOf(TRIPLE, position + 3);
      advance((end < 0 ? text.length() : end + 3) - position);
      while (take("\"")) {
        // quotes before the closing three belong to the string
      }
    } else if (take("\"")) {
      while (!atEnd() && !take("\"")) {
        advance(at("\\") ? 2 : 1);
      }
    } else {
      advance(1);
    }
    return text.substring(start, position);
  }

  /** Blanks within a line. */
  void skipBlanks() {
    while (!atEnd() && !at("\n") && isBlank(text.charAt(position))) {
      advance(1);
    }
  }

  /** Blanks, ends of lines, and comments. */
  void skipLines() {
    while (!atEnd()) {
      if (atComment()) {
        while (!atEnd() && !at("\n")) {
          advance(1);
        }
      } else if (isBlank(text.charAt(position))) {
        advance(1);
      } else {
        return;
      }
    }
  }

  /** What may stand between two fields or two elements. */
  void skipSeparators() {
    do {
      skipLines();
    } while (take(","));
  }

  private void advance(int characters) {
    int end = Math.min(text.length(), position + characters);
    for (; position < end; position++) {
      if (text.charAt(position) == '\n') {
        line++;
      }
    }
  }

  private static boolean isBlank(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\uFEFF';
  }
}
