package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * A dry run and the run after it, each with its diff: the rows by which the targets become what
 * they are. Both have the same checksums, and the command diff finds nothing between them, though
 * moments and new uuids are others in each.
 */
public record TestingToldRun(TestingRun plan, TestingRun run) {

  /** A table that steps fill, with its key. */
  public record Target(String table, List<String> steps, String... key) {
    Map<Map<String, String>, Map<String, String>> rows(TestingDatabase database)
        throws SQLException {
      return TestingDiff.table(database, table, key);
    }
  }

  /**
   * @param directory takes the diffs
   * @param runs gives a command of the job its options
   */
  public static TestingToldRun of(
      Path directory,
      BiFunction<String, String[], TestingRun> runs,
      TestingDatabase database,
      Target... targets)
      throws Exception {
    Path planned = directory.resolve("planned.jsonl.gz");
    Path written = directory.resolve("written.jsonl");
    List<Map<Map<String, String>, Map<String, String>>> before = new ArrayList<>();
    for (Target target : targets) {
      before.add(target.rows(database));
    }

    TestingRun plan = runs.apply("plan", new String[] {"--diff", planned.toString()});
    TestingRun run = runs.apply("run", new String[] {"--diff", written.toString()});

    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(run.code()).as(run.said()).isZero();
    TestingToldRun told = new TestingToldRun(plan, run);
    for (int i = 0; i < targets.length; i++) {
      told.assertRows(written, targets[i], before.get(i), targets[i].rows(database));
    }
    TestingRun compared = TestingRun.bare(Map.of(), "diff", planned.toString(), written.toString());
    assertThat(compared.line().path("different").asBoolean(true)).as(compared.said()).isFalse();
    assertThat(compared.line().path("comparison").path("inBoth").asInt()).isPositive();
    return told;
  }

  private void assertRows(
      Path written,
      Target target,
      Map<Map<String, String>, Map<String, String>> before,
      Map<Map<String, String>, Map<String, String>> after)
      throws Exception {
    // A column that the run has made was nothing before.
    for (Map<String, String> row : before.values()) {
      after.values().stream()
          .limit(1)
          .forEach(made -> made.keySet().forEach(column -> row.putIfAbsent(column, null)));
    }
    List<JsonNode> rows = new ArrayList<>();
    for (String step : target.steps()) {
      List<JsonNode> told = TestingDiff.rows(written, step);
      rows.addAll(told);
      assertThat(told).as(step).isNotEmpty();
      assertThat(run.step(step).path("diffChecksum").asText())
          .as(step)
          .isEqualTo(TestingDiff.checksum(told))
          .isEqualTo(plan.step(step).path("diffChecksum").asText());
      assertThat(run.step(step).path("diffRows")).isEqualTo(plan.step(step).path("diffRows"));
    }
    TestingDiff.assertSame(rows, before, after);
  }
}
