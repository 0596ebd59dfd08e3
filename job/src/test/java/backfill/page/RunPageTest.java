package backfill.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import backfill.report.ExitCode;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A page says what its report says, and nothing in a report becomes markup. */
class RunPageTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static String report(String step) {
    return """
        {"reportVersion": 1, "plan": "who-sees-what", "planHash": "ab", "runId": "r-1", "command": "run",
         "status": "succeeded", "exitCode": 0, "durationMs": 2000, "startedAt": "2026-01-01T00:00:00Z",
         "stages": {"read": 500, "write": 1500}, "limits": {"rows-inserted": 10, "rejected-rows": 0},
         "timeline": [{"stage": "write", "what": "visible", "fromMs": 500, "ms": 1000, "rows": 4}],
         "warnings": ["mind <b>this</b> & that"], "steps": [%s]}"""
        .formatted(step);
  }

  private static String step(String more) {
    return """
        {"name": "visible", "kind": "pairs", "target": "project_users", "status": "done", "planned": 9,
         "alreadyPresent": 4, "inserted": 4, "rejected": 1, "missing": 0 %s}"""
        .formatted(more);
  }

  private static String html(String json) {
    return RunPage.of(json, false).orElseThrow().as(RunPage.Format.HTML);
  }

  @Test
  void nothingInAReportBecomesMarkup() throws Exception {
    String evil = "</script><script>alert(1)</script>\"'><img src=x>|`*_";
    String json =
        report(
            step(
                ", \"rejections\": [{\"key\": %s, \"reason\": %s}]"
                    .formatted(JSON.writeValueAsString(evil), JSON.writeValueAsString(evil))));

    String html = html(json);
    String markdown = RunPage.of(json, false).orElseThrow().as(RunPage.Format.MARKDOWN);

    assertThat(html.split("<script", -1)).as("the report's own element alone").hasSize(2);
    assertThat(html).doesNotContain("<img", "<b>this");
    assertThat(markdown).doesNotContainPattern("(?<!\\\\)[<|]script").contains("mind \\<b\\>this");
    assertThat(embedded(html)).isEqualTo(JSON.readTree(json));
  }

  private static JsonNode embedded(String html) throws Exception {
    Matcher script =
        Pattern.compile(
                "<script type=\"application/json\" id=\"report\">(.*?)</script>", Pattern.DOTALL)
            .matcher(html);
    assertThat(script.find()).isTrue();
    return JSON.readTree(script.group(1));
  }

  @Test
  void pageNeedsNothingFromElsewhere() {
    assertThat(html(report(step(""))))
        .doesNotContainPattern("(?:src|href)=\"(?!#|data:,)")
        .doesNotContain("@import", "url(");
  }

  @Test
  void balanceShowsWhatTheSumsLeaveOver() throws Exception {
    assertThat(BalanceSheet.residue(JSON.readTree(step("")), false)).isZero();
    assertThat(
            BalanceSheet.residue(
                JSON.readTree(step("").replace("\"planned\": 9", "\"planned\": 11")), false))
        .isEqualTo(2);
    assertThat(html(report(step("").replace("\"planned\": 9", "\"planned\": 11"))))
        .contains("<tr class=\"bad\"><td>visible</td>");
    assertThat(
            BalanceSheet.residue(
                JSON.readTree(
                    """
                    {"status": "done", "planned": 10, "foreign": 1, "inserted": 2, "updated": 3, "unchanged": 2,
                     "changedMeanwhile": 1, "rejected": 1}"""),
                false))
        .as("upsert")
        .isZero();
    assertThat(
            BalanceSheet.residue(
                JSON.readTree("{\"status\": \"failed\", \"planned\": 10, \"inserted\": 2}"), false))
        .isNull();
    assertThat(
            BalanceSheet.residue(
                JSON.readTree(
                    """
                    {"status": "done", "planned": 10, "toInsert": 2, "toUpdate": 3, "unchanged": 3, "rejected": 1}"""),
                true))
        .as("what a dry run cannot say what becomes of")
        .isEqualTo(1);
  }

  @Test
  void limitPastItsBoundIsMarked() {
    String past = report(step(", \"toInsert\": 40, \"targetRows\": 10"));
    String refused =
        past.replace("\"exitCode\": 0", "\"exitCode\": 5")
            .replace("\"status\": \"done\"", "\"status\": \"refused\"");
    assertThat(html(refused))
        .contains("40 of 10")
        .contains("<tr class=\"bad\"><th scope=\"row\">limits.rows-inserted");
    assertThat(html(refused)).contains("<tr class=\"bad\"><th scope=\"row\">limits.rejected-rows");
    assertThat(html(refused)).contains("1 of 0");
    assertThat(html(past))
        .as("of a step that is an exception")
        .contains("40 of 10")
        .doesNotContain("<tr class=\"bad\"><th scope=\"row\">limits.rows-inserted");
  }

  @Test
  void partOfAPercentAndRowsThatGoAlongCountAgainstALimit() {
    String json =
        report(
                step(
                    ", \"toInsert\": 1, \"toDelete\": 3, \"targetRows\": 200, \"cascaded\": {\"t\": 4}"))
            .replace(
                "\"rows-inserted\": 10",
                "\"growth-percent\": 5, \"rows-deleted\": 9, \"surplus-percent\": 50, \"pairs-for-one-user\": 7");
    assertThat(html(json))
        .contains("1 of 5", "7 of 9", "2 of 50")
        .contains(
            "Not counted in a report, and asked before the write all the same: limits.pairs-for-one-user = 7.");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1",
    "1, 1",
    "3, 5",
    "1000, 1000",
    "1001, 2000",
    "9223372036854775807, 9223372036854775807"
  })
  void scaleEndsInARoundNumber(long most, long end) {
    assertThat(Svg.nice(most)).isEqualTo(end);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0.25, 0.25", "1250, 1.25k", "100000, 100k", "2500000, 2.5M", "5e12, 5000G"})
  void scaleIsWrittenShortly(double number, String text) {
    assertThat(Svg.shortly(number)).isEqualTo(text);
  }

  @Test
  void keysAreLeftOutEverywhereAndNumbersStay() throws Exception {
    String json =
        report(
            step(
                """
                , "gains": {"direct": 1, "users": [{"key": "anna@example.org", "pairs": 7}]},
                  "nested": {"keys": 3, "firstCycles": [{"size": 2, "keys": ["staff", "admins"]}]},
                  "toSet": [{"key": 12345678}],
                  "rejections": [{"key": {"user_id": 98765}, "reason": "Key (user_id)=(98765) is not present", "sqlState": "23503"},
                                 {"key": 1, "reason": "invalid input syntax for type integer: \\"secret\\""}]"""));

    RunPage page = RunPage.of(json, true).orElseThrow();

    for (RunPage.Format format : RunPage.Format.values()) {
      assertThat(page.as(format))
          .as(format.toString())
          .doesNotContain("anna@", "staff", "admins", "98765", "12345678", "secret");
    }
    JsonNode left = JSON.readTree(page.as(RunPage.Format.JSON));
    assertThat(left.path("steps").path(0).path("gains").path("users").path(0).path("pairs").asInt())
        .isEqualTo(7);
    assertThat(left.path("steps").path(0).path("nested").path("keys").asInt()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource({
    "4, 22012, division by zero, left out",
    "6, , '2 rows were rejected; the first one, (anna): is no number', left out",
    "5, , 'step s plans 2 pairs for user anna, and limits.pairs-for-one-user is 1. Nothing was written', 'step s plans 2 pairs for user left out, and limits.pairs-for-one-user is 1. Nothing was written'",
    "5, , 'would write other rows; the first that differ: INSERT anna', 'would write other rows; the first that differ: left out'",
    "3, , 'step s: ERROR: anna is no number', 'step s: ERROR: left out'",
    "7, , 1 row that the sources justify is not in its table, 1 row that the sources justify is not in its table"
  })
  void sentenceThatMayQuoteARowGoes(int code, String state, String message, String left)
      throws Exception {
    String json =
        JSON.writeValueAsString(
            JSON.createObjectNode()
                .put("reportVersion", 1)
                .put("exitCode", code)
                .set(
                    "error",
                    JSON.createObjectNode().put("sqlState", state).put("message", message)));
    JsonNode redacted = JSON.readTree(RunPage.of(json, true).orElseThrow().as(RunPage.Format.JSON));
    assertThat(redacted.path("error").path("message").asText()).isEqualTo(left);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '~',
      value = {
        "p.conf, p.conf",
        "plans/who sees.conf, 'plans/who sees.conf'",
        "it's.conf, 'it'\\''s.conf'",
        "$(reboot), '$(reboot)'"
      })
  void nextCommandsNameThePlanAsItWasGiven(String given, String typed) throws Exception {
    String json =
        report(step(""))
            .replace(
                "\"planHash\"",
                "\"planGiven\": " + JSON.writeValueAsString(given) + ", \"planHash\"");
    assertThat(RunPage.of(json, false).orElseThrow().as(RunPage.Format.MARKDOWN))
        .contains("backfill run " + typed + " ", "backfill verify " + typed + "\n")
        .doesNotContain("named by its file");
    assertThat(RunPage.of(report(step("")), false).orElseThrow().as(RunPage.Format.MARKDOWN))
        .as("an old report")
        .contains("backfill verify who-sees-what\n", "named by its file");
  }

  @Test
  void pageSaysWhatDiffersFromAnEarlierReport() {
    RunPage before =
        RunPage.of(report(step("").replace("\"inserted\": 4", "\"inserted\": 1")), false)
            .orElseThrow();
    String markdown =
        RunPage.of(report(step("")), false)
            .orElseThrow()
            .beside(before)
            .as(RunPage.Format.MARKDOWN);
    assertThat(markdown).contains("| visible | inserted | 1 | 4 | +3 |");
    assertThat(
            RunPage.of(report(step("")), false)
                .orElseThrow()
                .beside(RunPage.of(report(step("")), false).orElseThrow())
                .as(RunPage.Format.MARKDOWN))
        .contains("Every count that both have is the same.");
  }

  @Test
  void runThatCouldNotBeginIsCheckedNext() {
    for (int code : new int[] {2, 3}) {
      String page =
          RunPage.of(report("").replace("\"exitCode\": 0", "\"exitCode\": " + code), false)
              .orElseThrow()
              .as(RunPage.Format.MARKDOWN);
      assertThat(page).contains("backfill check who-sees-what ").doesNotContain("backfill run ");
    }
  }

  @Test
  void stepsThatOneReportAloneHasAreNamedBesideAnother() {
    assertThat(
            RunPage.of(report(step("").replace("visible", "seen")), false)
                .orElseThrow()
                .beside(RunPage.of(report(step("")), false).orElseThrow())
                .as(RunPage.Format.MARKDOWN))
        .contains("Only now: seen.", "Only before: visible.");
  }

  @Test
  void noLineOfATicketIsMoreThanItsText() throws Exception {
    String fences = "a\n```\n````\n<img src=x>";
    String markdown =
        RunPage.of(
                report(step(""))
                    .replace(
                        "mind <b>this</b> & that", "1. one\",\"- two\",\"+ 3\",\"---\",\"&lt;b&gt;")
                    .replace(
                        "\"planHash\"",
                        "\"planGiven\": " + JSON.writeValueAsString(fences) + ", \"planHash\""),
                false)
            .orElseThrow()
            .as(RunPage.Format.MARKDOWN);
    assertThat(markdown)
        .contains("- 1\\. one\n", "- \\- two\n", "- \\+ 3\n", "- \\---\n", "- \\&lt;b\\&gt;\n")
        .containsPattern("(?s)\n`````sh\n.*```\n````\n<img src=x>.*\n`````\n");
  }

  /** Old, torn or made up: a page is made of it all the same. */
  @Test
  void anyJsonThatCallsItselfAReportGivesAPage() throws Exception {
    long seed = Long.getLong("backfill.seed", System.nanoTime());
    Random random = new Random(seed);
    List<String> odd =
        List.of(
            "null",
            "true",
            "\"\"",
            "\"%s %1$s $1 \\\\\"",
            "-1",
            "1e999",
            "9223372036854775808",
            "-9223372036854775808",
            "0.5",
            "[]",
            "{}",
            "[1, null, {\"key\": [\"a\"]}]",
            "{\"a\": {\"b\": 1}}");
    String whole =
        report(
                step(
                    ", \"rejections\": [{\"key\": [\"k\"], \"reason\": \"r\"}], \"cascaded\": {\"t\": 1}, \"targetRows\": 4,"
                        + " \"toInsert\": 4, \"vacuumDue\": [\"t\"], \"statements\": 2, \"gains\": {\"direct\": 1, \"users\":"
                        + " [{\"key\": \"u\", \"pairs\": 2}]}"))
            .replace(
                "\"planHash\"",
                """
                "error": {"stage": "write", "step": "s", "message": "m"}, "labels": {"a": "b"}, "params": {"p": 1},
                "databases": {"main": {"server": "s", "snapshots": [{"at": "t", "heldMs": 5}]}}, "never": {"n": 1},
                "pace": {"pauses": [{"from": "2026-01-01T00:00:01Z", "lengthMs": 5, "reason": "r"}]}, "approval": {"by": "x"},
                "undo": {"run": "r", "writes": [{"step": "s", "left": 1, "leftRows": [{"key": ["k"], "reason": "r"}]}]},
                "runs": [{"runId": "r"}], "comparison": {"rowsInA": 1, "differences": [{}]}, "asked": {"what": "pause"},
                "explained": [{"step": "s"}], "hooks": ["on-end"], "planHash\"""");
    for (int i = 0; i < 300; i++) {
      JsonNode report = JSON.readTree(whole);
      List<ObjectNode> objects = new ArrayList<>();
      objects(report, objects);
      for (int change = 0; change <= i % 4; change++) {
        ObjectNode object = objects.get(random.nextInt(objects.size()));
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        if (!names.isEmpty()) {
          object.set(
              names.get(random.nextInt(names.size())),
              JSON.readTree(odd.get(random.nextInt(odd.size()))));
        }
      }
      ((ObjectNode) report).put("reportVersion", 1);
      String json = report.toString();
      for (boolean redacted : new boolean[] {false, true}) {
        RunPage page = RunPage.of(json, redacted).orElseThrow();
        for (RunPage.Format format : RunPage.Format.values()) {
          assertThatCode(() -> page.beside(page).as(format))
              .as("seed %d, %s", seed, json)
              .doesNotThrowAnyException();
        }
        assertThat(page.as(RunPage.Format.HTML))
            .as("seed %d, %s", seed, json)
            .doesNotContainPattern("(width|x|y|height|d|points)=\"[^\"]*(NaN|Infinity)")
            .doesNotContainPattern("width:(-|NaN|Infinity)");
      }
    }
  }

  private static void objects(JsonNode node, List<ObjectNode> found) {
    if (node instanceof ObjectNode object) {
      found.add(object);
    }
    node.forEach(child -> objects(child, found));
  }

  @ParameterizedTest
  @EnumSource(ExitCode.class)
  void everyExitCodeHasItsMeaning(ExitCode code) {
    assertThat(Verdict.meaning(code.number())).doesNotContain("by the system");
  }

  @ParameterizedTest
  @CsvSource({
    "run.json, JSON",
    "run.HTML, HTML",
    "s3a://b/run.htm, HTML",
    "run.md, MARKDOWN",
    "-, JSON",
    "html, JSON"
  })
  void endingSaysTheFormat(String name, RunPage.Format format) {
    assertThat(RunPage.Format.of(name)).isEqualTo(format);
  }

  @Test
  void whatIsNoReportHasNoPage() {
    assertThat(RunPage.of("{}", false)).isEmpty();
    assertThat(RunPage.of("[1", false)).isEmpty();
  }
}
