package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code explain} tells of a pair and a row that were written, taken back and written again.
 */
class ExplainHistoryTest {
  private static final String PLAN =
      """
      name = written
      undo = on
      sources { direct = direct, wanted = wanted }
      steps = [
        { name = may, kind = pairs, direct = [{ from = direct, object = o, user = u }]
          into = { table = d, object = o, user = u } }
        { name = states, kind = rows, mode = update, query = "SELECT code, state FROM wanted"
          into = { table = items, key = [code] } } ]
      """;

  @TempDir Path directory;

  @Test
  void eachRunThatWroteOrTookBackIsTold() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute(
          "CREATE TABLE direct (o int, u bigint)",
          "CREATE TABLE d (o int, u bigint, PRIMARY KEY (o, u))",
          "CREATE TABLE wanted (code text, state text)",
          "CREATE TABLE items (code text PRIMARY KEY, state text)",
          "INSERT INTO direct VALUES (7, 9223372036854775807), (7, 2)",
          "INSERT INTO wanted VALUES ('a=b', 'done')",
          "INSERT INTO items VALUES ('a=b', 'open'), ('c', 'open')");
      Path plan = Files.writeString(directory.resolve("written.conf"), PLAN);
      String[] words = {"explain", plan.toString()};

      TestingRun first = run(database, "run", plan.toString(), "--label", "ticket=OPS-7");
      String firstRun = first.line().path("runId").asText();
      TestingRun undo = run(database, "undo", firstRun, "--execute");
      String undoRun = undo.line().path("runId").asText();
      TestingRun second = run(database, "run", plan.toString());
      String secondRun = second.line().path("runId").asText();
      database.execute(
          "UPDATE backfill.run SET approval = '{\"by\": \"Ada\"}' WHERE run_id = '%s'"
              .formatted(secondRun));

      TestingRun pair =
          run(database, words[0], words[1], "--object", "7", "--user", "9223372036854775807");
      TestingRun row = run(database, words[0], words[1], "--key", "a=b");

      List<String> runs = List.of(firstRun, undoRun, secondRun);
      assertThat(texts(pair, "runId")).isEqualTo(runs);
      assertThat(texts(pair, "event")).containsExactly("INSERT", "DELETE", "INSERT");
      assertThat(texts(row, "runId")).isEqualTo(runs);
      assertThat(texts(row, "event")).containsExactly("UPDATE", "UPDATE", "UPDATE");
      assertThat(texts(pair, "undoes")).containsExactly("null", firstRun, "null");
      assertThat(pair.out())
          .anyMatch(line -> line.startsWith("  added ") && line.contains("ticket=OPS-7"))
          .anyMatch(line -> line.startsWith("  removed, undoing " + firstRun))
          .anyMatch(line -> line.startsWith("  added ") && line.endsWith("by=Ada"));
      assertThat(pair.line().path("explained").path(0).path("last").path("approval"))
          .hasToString("{\"by\":\"Ada\"}");
      assertThat(row.out())
          .contains(
              "step states: what gives code=a=b is a query, which only a run computes; items has it.");
      assertThat(run(database, words[0], words[1], "--key", "code=c").out())
          .contains("  history: no run of the ledger wrote it");
      assertThat(run(database, words[0], words[1], "--key", "zz").out().get(0))
          .endsWith("; items does not have it.");

      refused(database, plan);
      database.execute(
          "UPDATE backfill.batch SET keys = NULL WHERE run_id = '%s'".formatted(firstRun));
      assertThat(run(database, words[0], words[1], "--key", "a=b").out())
          .contains(
              "  history: 1 run wrote rows of items and kept no keys of them, and may have written it too");
    }
  }

  private static void refused(TestingDatabase database, Path plan) {
    TestingRun both =
        TestingRun.bare(
            database.environment(), "explain", plan.toString(), "--key", "x", "--user", "1");
    assertThat(both.code()).isEqualTo(2);
    assertThat(both.err())
        .containsExactly(
            "explain: --key is of a row, and --object and --user of a pair; give the one or the other");
    TestingRun many =
        TestingRun.bare(
            database.environment(), "explain", plan.toString(), "--key", "x", "--key", "y");
    assertThat(many.code()).isEqualTo(2);
    assertThat(many.err())
        .containsExactly(
            "explain: step states knows its rows by code; give --key COLUMN=VALUE for each");
  }

  private static TestingRun run(TestingDatabase database, String... words) {
    TestingRun run = TestingRun.of(database.environment(), words);
    assertThat(run.code()).as(run.said()).isZero();
    return run;
  }

  private static List<String> texts(TestingRun run, String name) {
    JsonNode events = run.report().path("explained").path(0).path("history").path("events");
    return events.findValues(name).stream().map(JsonNode::asText).toList();
  }
}
