package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.cli.CommandLineJob;
import backfill.testing.TestingCheckout;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * {@code help troubleshooting} explains what the code can say with exit codes 3 to 8, and nothing
 * that it no longer says. What it can say are the sentences of the files that make such messages,
 * as far as four words of one stand together there.
 */
class TroubleshootingTest {
  /** Makes a message of exit code 3, 4, 5 or 6. */
  private static final Pattern MAKES =
      Pattern.compile(
          "\\bfindings\\s*[.]\\s*(?:refuse|refuseWriting|lack|lackToWrite)\\("
              + "|\\bnew (?:NotReady|UnfitRows|LaggingReplica|RecoveryConflict|OldSnapshot|LostSnapshot"
              + "|TooManyRejected|ChangeFailed|Fenced|Ledger|PairsRead)Exception\\("
              + "|\\bRefusal\\s*[.]\\s*(?:byLimit|byApproval|withoutCure)\\(");

  /** Make sentences that others put into such a message, or into one of exit code 7. */
  private static final Set<String> ALSO =
      Set.of(
          "HeadroomCheck",
          "Headroom",
          "Server",
          "ConnectionFailure",
          "ReplicaReplay",
          "IntegerWidth",
          "OldSnapshotException",
          "LostSnapshotException",
          "RecoveryConflictException",
          "TooManyRejectedException",
          "RunEnd",
          "RunHooks",
          "HookProcess",
          "Lasting",
          "Rejection");

  /** Of the connector alone, which has exceptions and no exit codes, and of the demo. */
  private static final Pattern ELSEWHERE =
      Pattern.compile(
          ".*/(?:cli|demo|spark/sink|spark/source)/.*"
              + "|.*/(?:LoneColumns|SourceLookup|StreamLedger|TargetLookup)[.]java");

  /** What stands in them is no message of those exit codes. */
  private static final Set<String> OTHERS =
      Set.of(
          "warn",
          "warnOnce",
          "say",
          "enter",
          "compile",
          "matches",
          "IllegalStateException",
          "IllegalArgumentException",
          "InvalidPlanException",
          "UnknownRowsException");

  /** Parts of SQL, or of a word. */
  private static final Pattern NO_SENTENCE =
      Pattern.compile(
          "[ ;,(]*[A-Z][A-Z]+ .*|.*pg_catalog[.].*|.*\\b(?:FROM|VALUES)\\b.*|;.*|.*THEN true ELSE.*"
              + "|.*[?]::.*|.*\\w[|]\\w.*|one that is not|whether it has rows",
          Pattern.DOTALL);

  private static final Pattern COMMENT =
      Pattern.compile("/[*].*?[*]/|(?m:^\\s*//[^\n]*$)|\"\"\".*?\"\"\"", Pattern.DOTALL);
  private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\\n]|\\\\.)*)\"");
  private static final Pattern JOINED =
      Pattern.compile(LITERAL.pattern() + "(?:\\s*[+]\\s*" + LITERAL.pattern() + ")*");
  private static final Pattern FORMAT = Pattern.compile("%[\\d$,.]*[sdf]");
  private static final Pattern HEAD = Pattern.compile("(?: {2}- | {4})\"([^\"]+)\"");

  private static final String SOMETHING = "…";
  private static final int SENTENCE_WORDS = 4;
  private static final int TELLING_WORDS = 3;

  /** What the page explains, each on a line that an 80 columns wide screen has whole. */
  private static List<String> heads() throws IOException {
    List<String> heads = new ArrayList<>();
    String before = "";
    for (String line :
        Files.readAllLines(
            TestingCheckout.root().resolve("job/src/main/resources/help/troubleshooting.txt"))) {
      Matcher head = HEAD.matcher(line);
      if (head.matches()) {
        assertThat(line.length()).as(line).isLessThan(80);
        heads.add(head.group(1));
      } else if (HEAD.matcher(before).matches()) {
        assertThat(line).as("what it means: " + before).startsWith("      ");
      }
      before = line;
    }
    return heads;
  }

  private static List<String> fixed(String head) {
    return Stream.of(head.split(SOMETHING)).map(String::strip).filter(p -> !p.isEmpty()).toList();
  }

  private static int words(String text) {
    return text.isBlank() ? 0 : text.strip().split("\\s+").length;
  }

  /** Whether a head's fixed parts stand in a sentence, one after the other. */
  private static boolean explains(String head, String sentence) {
    int at = 0;
    for (String part : fixed(head)) {
      int found = sentence.indexOf(part, at);
      if (found < 0) {
        return false;
      }
      at = found + part.length();
    }
    return true;
  }

  /** File to its text without comments. */
  private static Map<Path, String> sources() throws IOException {
    Path main = TestingCheckout.root().resolve("job/src/main/java");
    Map<Path, String> sources = new LinkedHashMap<>();
    for (Path file : TestingCheckout.files()) {
      if (file.startsWith(main) && file.toString().endsWith(".java")) {
        sources.put(file, COMMENT.matcher(Files.readString(file)).replaceAll(" "));
      }
    }
    return sources;
  }

  /** A literal, with those that are joined to it, as a message has it. */
  private static String text(String joined) {
    return FORMAT
        .matcher(
            LITERAL
                .matcher(joined)
                .results()
                .map(part -> part.group(1))
                .collect(Collectors.joining())
                .replace("\\\"", ""))
        .replaceAll(SOMETHING)
        .replaceAll("\\s+", " ");
  }

  private static List<String> sentences(String source) {
    List<String> sentences = new ArrayList<>();
    Matcher literal = JOINED.matcher(source);
    while (literal.find()) {
      String text = text(literal.group());
      boolean tells =
          Stream.of(text.split(SOMETHING))
              .anyMatch(run -> words(run.replaceAll("^\\W+|\\W+$", "")) >= SENTENCE_WORDS);
      if (tells
          && !text.contains("\\s")
          && !NO_SENTENCE.matcher(text).matches()
          && !isFor(OTHERS, source, literal.start())) {
        sentences.add(text);
      }
    }
    return sentences;
  }

  /** Whether a place stands in the arguments of a call of one of these. */
  private static boolean isFor(Set<String> calls, String source, int place) {
    int closed = 0;
    for (int at = place - 1; at >= 0; at--) {
      char c = source.charAt(at);
      if (c == '"') {
        do {
          at--;
        } while (source.charAt(at) != '"' || source.charAt(at - 1) == '\\');
      } else if (c == ')' || c == ']' || c == '}') {
        closed++;
      } else if (closed > 0 && (c == '(' || c == '[' || c == '{')) {
        closed--;
      } else if (closed == 0 && (c == '{' || c == ';')) {
        return false;
      } else if (closed == 0 && c == '(') {
        int end = at;
        while (at > 0 && Character.isJavaIdentifierPart(source.charAt(at - 1))) {
          at--;
        }
        if (calls.contains(source.substring(at, end))) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean makesMessages(Path file, String source) {
    String name = file.getFileName().toString().replace(".java", "");
    return !ELSEWHERE.matcher(file.toString()).matches()
        && (ALSO.contains(name) || MAKES.matcher(source).find());
  }

  private static List<String> unexplained(List<String> heads, String source) {
    List<String> telling =
        heads.stream()
            .filter(head -> words(String.join(" ", fixed(head))) >= TELLING_WORDS)
            .toList();
    return sentences(source).stream()
        .filter(sentence -> telling.stream().noneMatch(head -> explains(head, sentence)))
        .toList();
  }

  @Test
  void everyMessageIsExplained() throws Exception {
    List<String> heads = heads();
    List<String> missing = new ArrayList<>();
    int files = 0;
    for (Map.Entry<Path, String> file : sources().entrySet()) {
      if (makesMessages(file.getKey(), file.getValue())) {
        files++;
        unexplained(heads, file.getValue())
            .forEach(text -> missing.add(file.getKey().getFileName() + ": " + text));
      }
    }
    assertThat(files).isGreaterThan(60);
    assertThat(missing).isEmpty();
  }

  @Test
  void everyMessageStandsOnALineOfItsOwnWhateverTheWidth() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream printed = new PrintStream(out, true, StandardCharsets.UTF_8);
    CommandLineJob.run(Map.of(), printed, printed, "help", "troubleshooting");
    assertThat(out.toString(StandardCharsets.UTF_8).lines().map(line -> line.replace("  - ", "")))
        .extracting(String::strip)
        .containsAll(heads().stream().map(head -> '"' + head + '"').toList());
  }

  @Test
  void nothingIsExplainedThatTheCodeDoesNotSay() throws Exception {
    List<String> said =
        sources().values().stream()
            .map(
                source ->
                    JOINED
                        .matcher(source)
                        .results()
                        .map(literal -> text(literal.group()))
                        .collect(Collectors.joining("\n")))
            .toList();
    List<String> gone =
        heads().stream()
            .filter(
                head ->
                    said.stream().noneMatch(text -> fixed(head).stream().allMatch(text::contains)))
            .toList();
    assertThat(gone).isEmpty();
  }

  @Test
  void aMessageThatIsNewIsMissed() throws Exception {
    String source =
        """
        if (gone) {
          findings.refuse(place, table + " has wings and flies " + "away from %s".formatted(us));
          run.warn("this is only a warning of ours");
        }
        """;
    assertThat(unexplained(heads(), source)).containsExactly(" has wings and flies away from …");
  }
}
