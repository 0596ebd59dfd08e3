package backfill.testing;

import backfill.plan.PlanFile;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A shipped plan with mistakes in it: one to three of those that a person, an editor or a broken
 * disk makes, drawn from a seed.
 *
 * @param plan the shipped plan's name
 * @param mistakes what was done to it, for messages
 * @param bytes as the file has them
 */
public record TestingBadPlan(String plan, List<String> mistakes, byte[] bytes) {
  private static final Pattern KEY =
      Pattern.compile("(?m)(?<=[\\s{,])[a-z][a-z0-9_.-]*(?=\\s*(=|\\{))");

  private static final Pattern VALUE =
      Pattern.compile("(?<=[^<>!:]= {0,9})(\"\"\"[^\"]*\"\"\"|\"[^\"\\n]*\"|\\[[^]\\n]*]|[\\w-]+)");

  private static final Pattern SQL = Pattern.compile("\"\"\"[^\"]+\"\"\"|\"[^\"\\n]{9,}\"");
  private static final Pattern WORD = Pattern.compile("[A-Za-z_][A-Za-z_0-9]*");
  private static final Pattern BRACKET = Pattern.compile("[{}\\[\\]\"=,]");
  private static final Pattern STEP = Pattern.compile("(?s)(?<=\\n) {2}\\{ name = .*?\\}(?=\\n)");

  private static final List<String> KEYS =
      ConfigFactory.parseResources("reference.conf").entrySet().stream()
          .map(entry -> String.join(".", ConfigUtil.splitPath(entry.getKey())))
          .filter(key -> key.startsWith("backfill."))
          .map(key -> key.substring("backfill.".length()))
          .sorted()
          .toList();

  private static final List<String> VALUES =
      List.of(
          "null",
          "\"\"",
          "\" \"",
          "[]",
          "{}",
          "[null]",
          "[[]]",
          "[{}]",
          "{ a = 1 }",
          "0",
          "-1",
          "1e400",
          "-1e400",
          "1e-400",
          "NaN",
          "Infinity",
          "0x10",
          "99999999999999999999",
          "2147483648",
          "0.1",
          "true",
          "off",
          "maybe",
          "7 days",
          "-1s",
          "1 fortnight",
          "9999999999999 days",
          "10 EB",
          "150 %",
          "\"\\u0000\"",
          "\"a\\u0000b\"",
          "\"\\ud800\"",
          "\"\\u001b[31mred\"",
          "\"\\n\"",
          "\"a\\nb\"",
          "\"\\u202egnp\"",
          "\u00e9t\u00e9",
          "\"\uD83D\uDE00\"",
          "x".repeat(200),
          "x".repeat(100_000),
          "9".repeat(5_000),
          "\"" + "( ".repeat(3_000) + "\"",
          "${nothing}",
          "${?nothing}",
          "${steps}",
          "${name}",
          "\"a.b.c.d\"",
          "\".\"",
          "\"public.\"",
          "no_such_name",
          "\"No Such Name\"",
          "\"\\\"quoted\\\"\"",
          "pg_class",
          "information_schema.tables",
          "\"'; DROP TABLE users; --\"",
          "\"$$\"",
          "\"/*\"",
          "\"%s\"",
          "\"*\"",
          "\"../../etc/passwd\"",
          "[\"id\", \"id\"]",
          "[1, two, null]");

  private static final List<String> PIECES =
      List.of(
          "--",
          "/*",
          "*/",
          ";",
          "; DROP TABLE users;",
          " :nothing ",
          ":now",
          "::",
          ":",
          "'",
          "''",
          "\\\"",
          "$$",
          "$a$",
          "?",
          "??",
          "%",
          "%s",
          "\\\\",
          "(",
          ")",
          "((",
          ",",
          "E'\\\\",
          " NULL ",
          " AND ",
          " SELECT ",
          "\\u0000",
          "\\u0007",
          "@",
          "#",
          "//",
          " now() ",
          " rand() ",
          " uuid() ",
          " * ",
          " 1/0 ",
          "[0]",
          " OVER () ",
          "U&'\\\\d800'",
          " \u00e9 ",
          "\uD83D\uDE00");

  private static final List<String> CHARACTERS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          "\"",
          "\"\"\"",
          "=",
          ":",
          ",",
          "+=",
          "#",
          "//",
          "$",
          "${",
          "${a}",
          "\\",
          "\u0000",
          "\u0001",
          "\u001b",
          "\u007f",
          "\r",
          "\r\n",
          "\n",
          "\t",
          "\u00a0",
          "\u2028",
          "\u200b",
          "\uFEFF",
          "\uFFFD",
          "\uD83D\uDE00",
          "'",
          "`",
          "*",
          "?",
          "!",
          "@",
          "&",
          "^",
          "|",
          "(",
          ")",
          ";");

  private static final List<String> LINES =
      List.of(
          "include \"no-such-file\"",
          "include \"%s.conf\"",
          "include file(\"/etc/passwd\")",
          "include url(\"http://127.0.0.1:1/plan.conf\")",
          "include required(classpath(\"plans/%s.conf\"))",
          "include required(file(\"no-such-file\"))",
          "include url(\"no url\")",
          "include",
          "include nothing",
          "include {}",
          "x = ${y}, y = ${x}",
          "x = ${x}",
          "params.x = ${params.x}",
          "params.x = ${nothing}",
          "params.x = ${?nothing}",
          "params.x = ${}",
          "params.x = ${a..b}",
          "params.x = ${.}",
          "params.x = ${PATH[]}",
          "params.x = ${BACKFILL_PASSWORD}",
          "params.x = ${HOME}",
          "params.\"a b\" = 1",
          "params.\"a.b\" = 1",
          "params.\"\" = 1",
          "params.now = 1",
          "params = ${params} { x = 1 }",
          "params += 1",
          "steps += { name = more }",
          "steps = ${steps} [{}]",
          "steps.0.name = first",
          "steps.\"0\" { kind = rows }",
          "\"\" = 1",
          "\"a\\u0000b\" = 1",
          "\"\\ud800\" = 1",
          "a.b.c.d.e.f = 1",
          "a..b = 1",
          ".a = 1",
          "a. = 1",
          "= 1",
          "{ }",
          "[ ]",
          "\"never\" { \"\" = \"SELECT 1\" }",
          "never { x = \"SELECT\" }",
          "views { \"\" = \"SELECT 1 AS a\" }",
          "sources { x { } }",
          "sources { x { table = users, keyed-by { } } }",
          "databases { other { } }",
          "databases { main.env = BACKFILL }",
          "databases { other.env = \"NO_SUCH\" }",
          "databases = []",
          "time-zone = \"Mars/Olympus\"",
          "time-zone = \"+02:00\"",
          "only-if = \"\"",
          "only-if = \"1\"",
          "only-if = \"SELECT true\"",
          "only-if = \"true; DROP TABLE users\"",
          "only-if = \"pg_sleep(0) IS NULL\"",
          "only-if = \"nextval('x') > 0\"",
          "name = \"UPPER case\"",
          "name = \"../up\"",
          "allow-delete = perhaps");

  /** One mistake: the text with it in. */
  @FunctionalInterface
  private interface Mistake {
    String in(String text, Random random, String plan);
  }

  /** Kinds of mistakes, each as often as another. */
  private enum Kind {
    LINE_DELETED((text, random, plan) -> line(text, random, line -> List.of())),
    LINE_DOUBLED((text, random, plan) -> line(text, random, line -> List.of(line, line))),
    LINE_MOVED(TestingBadPlan::moved),
    KEY_MISSPELT((text, random, plan) -> misspelt(text, random, KEY)),
    KEY_RENAMED((text, random, plan) -> replaced(text, random, KEY, some(text, random, KEY))),
    KEY_ODD(
        (text, random, plan) ->
            replaced(
                text,
                random,
                KEY,
                pick(random, List.of("\"\"", "a.b", "\"a b\"", "1", "null", "\"\\n\"", "é", "-")))),
    VALUE_ODD((text, random, plan) -> replaced(text, random, VALUE, pick(random, VALUES))),
    VALUE_OF_ANOTHER(
        (text, random, plan) -> replaced(text, random, VALUE, some(text, random, VALUE))),
    CHARACTER_DELETED(
        (text, random, plan) -> {
          int at = random.nextInt(text.length());
          return text.substring(0, at) + text.substring(at + 1);
        }),
    CHARACTER_ADDED(
        (text, random, plan) -> {
          int at = random.nextInt(text.length() + 1);
          return text.substring(0, at) + pick(random, CHARACTERS) + text.substring(at);
        }),
    BRACKET_DELETED((text, random, plan) -> replaced(text, random, BRACKET, "")),
    TRUNCATED((text, random, plan) -> text.substring(0, random.nextInt(text.length()))),
    BEGINNING_LOST((text, random, plan) -> text.substring(random.nextInt(text.length()))),
    LINE_ADDED(
        (text, random, plan) -> text + "\n" + pick(random, LINES).replace("%s", plan) + "\n"),
    LINE_BEFORE((text, random, plan) -> pick(random, LINES).replace("%s", plan) + "\n" + text),
    SETTING_ODD(
        (text, random, plan) ->
            text + "\n" + pick(random, KEYS) + " = " + pick(random, VALUES) + "\n"),
    SQL_PIECE((text, random, plan) -> inSql(text, random, "(?=.)", pick(random, PIECES))),
    SQL_WORD_LOST((text, random, plan) -> inSql(text, random, WORD.pattern(), "")),
    SQL_WORD_OTHER(
        (text, random, plan) -> inSql(text, random, WORD.pattern(), some(text, random, WORD))),
    SQL_WORD_UNKNOWN((text, random, plan) -> inSql(text, random, WORD.pattern(), "no_such_name")),
    SQL_CHARACTER_LOST((text, random, plan) -> inSql(text, random, "[^\"]", "")),
    WORD_MISSPELT((text, random, plan) -> misspelt(text, random, WORD)),
    STEP_DELETED((text, random, plan) -> replaced(text, random, STEP, "")),
    STEP_DOUBLED((text, random, plan) -> step(text, random, step -> step + "\n" + step)),
    STEP_ELSEWHERE(TestingBadPlan::stepMoved),
    STEP_OF_ANOTHER_PLAN(
        (text, random, plan) ->
            replaced(
                text,
                random,
                STEP,
                some(
                    PlanFile.shippedText(pick(random, PlanFile.shipped())).orElseThrow(),
                    random,
                    STEP))),
    NESTED(
        (text, random, plan) ->
            text
                + "\nx = "
                + pick(random, List.of("[", "{ a = ", "{ a ", "( ", "\"\"\""))
                    .repeat(deep(random))),
    NESTED_AND_CLOSED(
        (text, random, plan) -> {
          int depth = deep(random);
          return text + "\nx = " + "[".repeat(depth) + "]".repeat(depth) + "\n";
        }),
    DEEP_PATH((text, random, plan) -> text + "\n" + "a.".repeat(deep(random)) + "a = 1\n"),
    MANY_KEYS(
        (text, random, plan) ->
            text + "\n" + "k%d = 1\n".repeat(2_000).formatted(numbers(random, 2_000))),
    WHOLE(
        (text, random, plan) ->
            pick(
                random,
                List.of(
                    "",
                    " ",
                    "\n",
                    "#",
                    "# only a comment\n",
                    "{",
                    "}",
                    "{}",
                    "[]",
                    "[{}]",
                    "42",
                    "null",
                    "\"text\"",
                    "\"\"\"",
                    "${x}",
                    "steps",
                    "steps =",
                    "name = x",
                    "<xml/>",
                    "---\nname: x\n",
                    "\u0000",
                    "\u0000\u0001\u0002PK\u0003\u0004",
                    "include \"x\"")));

    private final Mistake mistake;

    Kind(Mistake mistake) {
      this.mistake = mistake;
    }
  }

  /** What a file may be on its way: the bytes of a text. */
  private enum Encoding {
    UTF_8,
    WITH_MARK,
    LATIN_1,
    UTF_16,
    CARRIAGE_RETURNS,
    OLD_MAC,
    BYTE_LOST,
    BYTE_FLIPPED,
    BYTES_OF_NO_TEXT;

    byte[] of(String text, Random random) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      int at = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
      return switch (this) {
        case UTF_8 -> bytes;
        case WITH_MARK -> ("\uFEFF" + text).getBytes(StandardCharsets.UTF_8);
        case LATIN_1 -> (text + "# \u00e9\n").getBytes(StandardCharsets.ISO_8859_1);
        case UTF_16 -> text.getBytes(StandardCharsets.UTF_16);
        case CARRIAGE_RETURNS -> text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
        case OLD_MAC -> text.replace("\n", "\r").getBytes(StandardCharsets.UTF_8);
        case BYTE_LOST, BYTE_FLIPPED, BYTES_OF_NO_TEXT -> {
          if (bytes.length > 0) {
            bytes[at] =
                this == BYTE_FLIPPED ? (byte) (bytes[at] ^ (1 << random.nextInt(8))) : (byte) 0xC3;
          }
          yield bytes;
        }
      };
    }
  }

  /** The mutant of this number. */
  public static TestingBadPlan of(long seed, int number) {
    Random random = new Random(seed * 31 + number);
    List<String> shipped = PlanFile.shipped();
    String plan = shipped.get(number % shipped.size());
    String text = PlanFile.shippedText(plan).orElseThrow();
    List<String> mistakes = new ArrayList<>();
    int count = random.nextInt(10) < 7 ? 1 : 2 + random.nextInt(2);
    for (int i = 0; i < count && !text.isEmpty(); i++) {
      Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
      mistakes.add(kind.toString());
      text = kind.mistake.in(text, random, plan);
    }
    Encoding encoding =
        random.nextInt(12) > 0
            ? Encoding.UTF_8
            : Encoding.values()[random.nextInt(Encoding.values().length)];
    if (encoding != Encoding.UTF_8) {
      mistakes.add(encoding.toString());
    }
    return new TestingBadPlan(plan, mistakes, encoding.of(text, random));
  }

  /** The file as text, for messages. */
  public String text() {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  static <T> T pick(Random random, List<T> from) {
    return from.get(random.nextInt(from.size()));
  }

  private static int deep(Random random) {
    return pick(random, List.of(10, 100, 1_000, 10_000, 100_000));
  }

  private static Object[] numbers(Random random, int count) {
    return random.ints(count, 0, 1_000_000).boxed().toArray();
  }

  private interface OfLine {
    List<String> instead(String line);
  }

  /** A line that is no comment, changed. */
  private static String line(String text, Random random, OfLine change) {
    List<String> lines = new ArrayList<>(text.lines().toList());
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank() && !lines.get(i).strip().startsWith("#")) {
        places.add(i);
      }
    }
    if (places.isEmpty()) {
      return text;
    }
    int place = pick(random, places);
    List<String> instead = change.instead(lines.remove(place));
    lines.addAll(place, instead);
    return String.join("\n", lines) + "\n";
  }

  private static String moved(String text, Random random, String plan) {
    List<String> cut = new ArrayList<>();
    String without =
        line(
            text,
            random,
            line -> {
              cut.add(line);
              return List.of();
            });
    return cut.isEmpty() ? text : line(without, random, line -> List.of(cut.get(0), line));
  }

  private static List<MatchResult> places(String text, Pattern pattern) {
    // The comment at the head is no part of the plan.
    int head = text.indexOf("\nname = ");
    return pattern.matcher(text).results().filter(found -> found.start() > head).toList();
  }

  private static String some(String text, Random random, Pattern pattern) {
    List<MatchResult> places = places(text, pattern);
    return places.isEmpty() ? "" : pick(random, places).group();
  }

  private static String replaced(String text, Random random, Pattern pattern, String instead) {
    List<MatchResult> places = places(text, pattern);
    if (places.isEmpty()) {
      return text + instead;
    }
    MatchResult place = pick(random, places);
    return text.substring(0, place.start()) + instead + text.substring(place.end());
  }

  private static String misspelt(String text, Random random, Pattern pattern) {
    List<MatchResult> places = places(text, pattern);
    if (places.isEmpty()) {
      return text;
    }
    MatchResult place = pick(random, places);
    StringBuilder word = new StringBuilder(place.group());
    int at = random.nextInt(word.length());
    switch (random.nextInt(4)) {
      case 0 -> word.deleteCharAt(at);
      case 1 -> word.insert(at, (char) ('a' + random.nextInt(26)));
      case 2 -> word.setCharAt(at, Character.toUpperCase(word.charAt(at)));
      default -> word.insert(at, word.charAt(at));
    }
    return text.substring(0, place.start()) + word + text.substring(place.end());
  }

  private static String inSql(String text, Random random, String where, String instead) {
    List<MatchResult> all = places(text, SQL);
    if (all.isEmpty()) {
      return text;
    }
    MatchResult sql = pick(random, all);
    int quotes = sql.group().startsWith("\"\"\"") ? 3 : 1;
    String inner = sql.group().substring(quotes, sql.group().length() - quotes);
    List<MatchResult> places = Pattern.compile(where).matcher(inner).results().toList();
    if (places.isEmpty()) {
      return text;
    }
    MatchResult place = pick(random, places);
    int start = sql.start() + quotes;
    return text.substring(0, start + place.start()) + instead + text.substring(start + place.end());
  }

  private interface OfStep {
    String instead(String step);
  }

  private static String step(String text, Random random, OfStep change) {
    List<MatchResult> places = places(text, STEP);
    if (places.isEmpty()) {
      return text;
    }
    MatchResult place = pick(random, places);
    return text.substring(0, place.start())
        + change.instead(place.group())
        + text.substring(place.end());
  }

  private static String stepMoved(String text, Random random, String plan) {
    String cut = some(text, random, STEP);
    return cut.isEmpty() ? text : step(text.replace(cut, ""), random, step -> cut + "\n" + step);
  }

  @Override
  public String toString() {
    return plan + " " + mistakes.stream().collect(Collectors.joining(", "));
  }
}
