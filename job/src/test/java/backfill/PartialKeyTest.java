package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Targets whose keys are unique among the rows that are not softly deleted, and only there. */
class PartialKeyTest {
  private static final String PAIRS =
      """
      { name = shares, kind = pairs, direct = [{ from = grants, object = file_id, user = uid }]
        into = { table = shares, object = file_id, user = uid }, owns = "deleted_at IS NULL", surplus = delete }""";

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE TABLE grants (file_id bigint, uid varchar, level int, gone timestamptz);
        INSERT INTO grants VALUES (1, 'ada', 1, NULL), (1, 'bob', 2, NULL), (2, 'ada', 3, NULL);
        CREATE TABLE shares (id bigserial PRIMARY KEY, file_id bigint NOT NULL, uid varchar NOT NULL, level int,
          deleted_at timestamptz);
        CREATE UNIQUE INDEX live ON shares (file_id, uid) WHERE deleted_at IS NULL;
        INSERT INTO shares (file_id, uid, level, deleted_at)
          VALUES (1, 'ada', 0, 'epoch'), (1, 'ada', 0, '2020-01-01'), (1, 'bob', 0, NULL), (9, 'eve', 0, NULL),
                 (8, 'eve', 0, 'epoch');
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun run(String command, String step, String... options) throws IOException {
    Path plan = directory.resolve("shares.conf");
    Files.writeString(
        plan,
        "name = shares\nallow-delete = true\nlimits.surplus-percent = 50\nsources.grants = grants\nsteps = ["
            + step
            + "]");
    return TestingRun.of(database.environment(), command, plan, options);
  }

  private String live(String columns) throws SQLException {
    return database
        .rows("SELECT " + columns + " FROM shares WHERE deleted_at IS NULL ORDER BY 1, 2")
        .toString();
  }

  @Test
  void pairsBesideSoftlyDeletedOnesAreAddedOnceAndThoseStay() throws Exception {
    assertThat(run("check", PAIRS).said()).contains("write shares: COPY, arbiter live");
    TestingRun run = run("run", PAIRS);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("shares", "planned", "alreadyPresent", "inserted", "deleted", "missing"))
        .isEqualTo(RunTest.numbers(3, 1, 2, 1, 0));
    assertThat(live("file_id, uid")).isEqualTo("[[1, ada], [1, bob], [2, ada]]");
    assertThat(database.count("SELECT count(*) FROM shares WHERE deleted_at IS NOT NULL"))
        .isEqualTo(3);

    TestingRun again = run("run", PAIRS);
    assertThat(again.code()).as(again.said()).isZero();
    assertThat(again.counts("shares", "alreadyPresent", "inserted", "deleted"))
        .isEqualTo(RunTest.numbers(3, 0, 0));
    assertThat(run("verify", PAIRS).code()).isZero();
  }

  @Test
  void rowsAreSetAmongThoseThatAreLiveAlone() throws Exception {
    String rows =
        """
        { name = shares, kind = rows, mode = upsert, query = "SELECT file_id, uid, level FROM grants"
          into = { table = shares, key = [file_id, uid] }, owns = "shares.deleted_at IS NULL" }""";
    TestingRun run = run("run", rows);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("shares", "planned", "inserted", "updated", "missing"))
        .isEqualTo(RunTest.numbers(3, 2, 1, 0));
    assertThat(live("file_id, uid, level"))
        .isEqualTo("[[1, ada, 1], [1, bob, 2], [2, ada, 3], [9, eve, 0]]");
    assertThat(database.count("SELECT sum(level) FROM shares WHERE deleted_at IS NOT NULL"))
        .isZero();
    assertThat(run("verify", rows).code()).isZero();
  }

  @Test
  void rowThatWouldNotBeOwnedIsRejectedAndNeverAdded() throws Exception {
    database.execute("UPDATE grants SET gone = now() WHERE file_id = 2");
    String rows =
        """
        { name = shares, kind = rows, mode = insert-missing
          query = "SELECT file_id, uid, level, gone AS deleted_at FROM grants"
          into = { table = shares, key = [file_id, uid] }, owns = "deleted_at IS NULL" }""";
    for (int i = 0; i < 2; i++) {
      TestingRun run = run("run", rows, "--set", "limits.rejected-rows=1");

      assertThat(run.code()).as(run.said()).isEqualTo(8);
      assertThat(run.step("shares").path("rejections").path(0).path("reason").asText())
          .isEqualTo("not-owned");
      assertThat(run.step("shares").path("rejections").path(0).path("key"))
          .hasToString("[\"2\",\"ada\"]");
    }
    assertThat(database.count("SELECT count(*) FROM shares WHERE file_id = 2")).isZero();
    assertThat(live("file_id, uid")).isEqualTo("[[1, ada], [1, bob], [9, eve]]");
  }

  @Test
  void pairsGoIntoATableWhoseKeyMayBeNull() throws Exception {
    database.execute(
        "CREATE TABLE vnull (file_id bigint, uid varchar, UNIQUE (file_id, uid))",
        "INSERT INTO vnull VALUES (1, NULL), (1, NULL), (NULL, 'ada'), (2, 'ada'), (9, 'eve')",
        "INSERT INTO grants VALUES (1, NULL), (NULL, 'ada')");
    String pairs =
        PAIRS.replace("table = shares", "table = vnull").replaceAll(", owns = \"[^\"]*\"", "");
    for (int inserted : new int[] {2, 0}) {
      TestingRun run = run("run", pairs);
      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts("shares", "planned", "inserted", "missing"))
          .isEqualTo(RunTest.numbers(3, inserted, 0));
    }
    assertThat(run("verify", pairs).code()).isZero();
    assertThat(database.rows("SELECT * FROM vnull ORDER BY 1, 2"))
        .hasToString("[[1, ada], [1, bob], [1, null], [1, null], [2, ada], [null, ada]]");
  }

  @Test
  void defaultThatIsNotOwnedIsRefusedBeforeAnythingIsWritten() throws Exception {
    database.execute("ALTER TABLE shares ALTER deleted_at SET DEFAULT now()");
    TestingRun run = run("run", PAIRS);

    assertThat(run.code()).isEqualTo(3);
    assertThat(run.said())
        .contains(
            "step shares: no row that is added would be among those that owns says (deleted_at IS NULL): deleted_at is"
                + " now() by default; give new rows such a value, or the column such a default");
    assertThat(database.count("SELECT count(*) FROM shares")).isEqualTo(5);
  }
}
