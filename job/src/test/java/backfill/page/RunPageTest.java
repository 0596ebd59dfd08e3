package backfill.page;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.report.ExitCode;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
    assertThat(BalanceSheet.residue(JSON.readTree(step("")))).isZero();
    assertThat(
            BalanceSheet.residue(
                JSON.readTree(step("").replace("\"planned\": 9", "\"planned\": 11"))))
        .isEqualTo(2);
    assertThat(html(report(step("").replace("\"planned\": 9", "\"planned\": 11"))))
        .contains("<tr class=\"bad\"><td>visible</td>");
    assertThat(
            BalanceSheet.residue(
                JSON.readTree(
                    """
                    {"status": "done", "planned": 10, "foreign": 1, "inserted": 2, "updated": 3, "unchanged": 2,
                     "changedMeanwhile": 1, "rejected": 1}""")))
        .as("upsert")
        .isZero();
    assertThat(
            BalanceSheet.residue(
                JSON.readTree("{\"status\": \"failed\", \"planned\": 10, \"inserted\": 2}")))
        .isNull();
  }

  @Test
  void limitPastItsBoundIsMarked() {
    String past = report(step("").replace("\"inserted\": 4", "\"inserted\": 40"));
    assertThat(html(past))
        .contains("40 of 10")
        .contains("<tr class=\"bad\"><th scope=\"row\">limits.rows-inserted");
    assertThat(html(past)).contains("1 of 0");
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
