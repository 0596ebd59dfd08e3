package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sequence that has fewer values left than a step adds rows. */
class SequenceRoomTest {
  private static final String PLAN =
      """
      name = numbered
      sources.wanted = wanted
      views.all = "SELECT o, u FROM wanted"
      steps = [
        { name = first, kind = rows, mode = insert-missing, query = "SELECT DISTINCT o FROM wanted"
          into = { table = first, key = [o] } }
        { name = second, kind = pairs, direct = [{ from = all, object = o, user = u }]
          into = { table = second, object = o, user = u } } ]
      """;

  private static final String SECOND =
      "step second would add 10 rows, and sequence second_id_seq has 9 values left for second.id (smallint);"
          + " ALTER TABLE \"public\".\"second\" ALTER COLUMN \"id\" TYPE bigint, then ALTER SEQUENCE"
          + " \"public\".\"second_id_seq\" AS bigint NO MAXVALUE";

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE wanted (o int, u int)",
        "INSERT INTO wanted SELECT n % 5, n FROM generate_series(1, 10) n",
        "CREATE TABLE first (id serial PRIMARY KEY, o int NOT NULL UNIQUE)",
        "CREATE TABLE second (id smallserial PRIMARY KEY, o int NOT NULL, u int NOT NULL, UNIQUE (o, u))",
        "SELECT setval('second_id_seq', 32758)");
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private TestingRun run(String command, String... options) throws Exception {
    Path plan = Files.writeString(directory.resolve("numbered.conf"), PLAN);
    String[] words = Arrays.copyOf(new String[] {command, plan.toString()}, 2 + options.length);
    System.arraycopy(options, 0, words, 2, options.length);
    return TestingRun.of(database.environment(), words);
  }

  @Test
  void isSaidByADryRunAndRefusedBeforeAnyStepOfTheSnapshotWrites() throws Exception {
    TestingRun plan = run("plan");
    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(plan.report().path("warnings").toString().replace("\\\"", "\""))
        .contains("a run would be refused: " + SECOND);

    TestingRun refused = run("run");

    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.report().path("error").path("message").asText())
        .isEqualTo(SECOND + ". Nothing was written");
    assertThat(refused.step("second").path("status").asText()).isEqualTo("refused");
    assertThat(database.count("SELECT count(*) FROM first")).isZero();
    assertThat(database.count("SELECT last_value FROM second_id_seq")).isEqualTo(32758);
  }

  @Test
  void aValueForEachRowIsEnough() throws Exception {
    database.execute("DELETE FROM wanted WHERE u = 10");
    assertThat(run("run").code()).isZero();
    assertThat(database.count("SELECT count(*) FROM second")).isEqualTo(9);
    TestingRun again = run("run");
    assertThat(again.code()).as(again.said()).isZero();
  }
}
