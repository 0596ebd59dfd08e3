package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of rows that nothing justifies, and of what hangs on them. */
class SurplusTest {
  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE TABLE member (o bigint, u bigint);
        INSERT INTO member VALUES (1, 1), (1, 2), (2, 1);
        CREATE TABLE may (o bigint, u bigint, by_hand boolean NOT NULL DEFAULT false, PRIMARY KEY (o, u));
        INSERT INTO may VALUES (1, 1, false), (1, 9000000000000, false), (7, 7, false), (8, 8, true);
        CREATE TABLE note (o bigint, u bigint, FOREIGN KEY (o, u) REFERENCES may ON DELETE CASCADE, id serial PRIMARY KEY);
        CREATE TABLE seen (o bigint PRIMARY KEY, users bigint, why text NOT NULL DEFAULT 'member');
        CREATE TABLE reply (note integer REFERENCES note ON DELETE CASCADE) PARTITION BY LIST (note);
        CREATE TABLE reply_rest PARTITION OF reply DEFAULT;
        INSERT INTO note SELECT o, u FROM may, generate_series(1, 2);
        INSERT INTO reply SELECT id FROM note, generate_series(1, 3);
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun run(String command, String steps, String... options) throws IOException {
    Path plan = directory.resolve("surplus.conf");
    Files.writeString(
        plan,
        "name = surplus\nallow-delete = true\nlimits { rejected-rows = 5, surplus-percent = 100 }\n"
            + "sources { member = member, may = may, note = note, seen { table = seen, where = \"why = 'member'\" } }\nsteps = ["
            + steps
            + "]");
    String[] words = Arrays.copyOf(new String[] {command, plan.toString()}, 2 + options.length);
    System.arraycopy(options, 0, words, 2, options.length);
    return TestingRun.of(database.environment(), words);
  }

  private static final String PAIRS =
      """
      { name = may, kind = pairs, direct = [{ from = member, object = o, user = u }], surplus = delete
        owns = "NOT by_hand", into = { table = may, object = o, user = u } }
      """;

  @Test
  void pairsThatNothingJustifiesGoWithWhatHangsOnThem() throws Exception {
    TestingRun plan = run("plan", PAIRS);
    assertThat(plan.counts("may", "toInsert", "toDelete", "surplus"))
        .as(plan.said())
        .isEqualTo(RunTest.numbers(2, 2, 2));
    assertThat(plan.step("may").path("cascaded")).hasToString("{\"note\":4,\"reply\":12}");

    TestingRun run = run("run", PAIRS);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("may", "inserted", "deleted", "stayed", "missing"))
        .isEqualTo(RunTest.numbers(2, 2, 0, 0));
    assertThat(run.step("may").path("cascaded")).hasToString("{\"note\":4,\"reply\":12}");
    assertThat(database.rows("SELECT o, u FROM may ORDER BY 1, 2"))
        .hasToString("[[1, 1], [1, 2], [2, 1], [8, 8]]");
    assertThat(database.count("SELECT count(*) FROM note")).isEqualTo(4);
  }

  @Test
  void theLimitOfDeletionsCountsWhatGoesAlong() throws Exception {
    TestingRun refused = run("run", PAIRS, "--set", "limits.rows-deleted=17");

    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.said())
        .contains(
            "step may would delete 18 rows (2 of may, and 16 along with them), and limits.rows-deleted is 17");
    assertThat(database.count("SELECT count(*) FROM may")).isEqualTo(4);
    assertThat(run("run", PAIRS, "--set", "limits.rows-deleted=18").code()).isZero();
  }

  @Test
  void deletionsThatNobodyCanCountAreRefusedByALimit() throws Exception {
    database.execute(
        "ALTER TABLE note ADD UNIQUE (o, u, id), ADD after integer REFERENCES note (id) ON DELETE CASCADE");
    TestingRun refused = run("run", PAIRS, "--set", "limits.rows-deleted=1000");

    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.said())
        .contains(
            "step may would delete 2 rows, and how many go along with them is not known before");
    assertThat(database.count("SELECT count(*) FROM may")).isEqualTo(4);
  }

  @Test
  void aRowThatMayNotGoStaysAndIsRejected() throws Exception {
    database.execute(
        "CREATE TABLE bill (o bigint, u bigint, FOREIGN KEY (o, u) REFERENCES may)",
        "INSERT INTO bill VALUES (7, 7)");

    TestingRun run = run("run", PAIRS);

    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.counts("may", "planned", "alreadyPresent", "inserted", "rejected"))
        .isEqualTo(RunTest.numbers(3, 1, 2, 0));
    assertThat(run.counts("may", "toDelete", "deleted", "stayed", "missing"))
        .isEqualTo(RunTest.numbers(2, 1, 1, 0));
    assertThat(run.step("may").path("cascaded")).hasToString("{\"note\":2,\"reply\":6}");
    assertThat(run.step("may").path("rejections").path(0).path("constraint").asText())
        .isEqualTo("bill_o_u_fkey");
  }

  /** A step behind another is counted over what that one would leave. */
  @Test
  void aDryRunSeesWhatEarlierStepsWouldLeave() throws Exception {
    database.execute(
        "INSERT INTO seen VALUES (1, 0), (7, 7), (9, 9)",
        "ALTER TABLE note DROP CONSTRAINT note_o_u_fkey");
    String count =
        """
        , { name = seen, kind = rows, mode = upsert, surplus = delete
            query = "SELECT o, count(*) AS users FROM may GROUP BY o", into = { table = seen, key = [o] } }
        , { name = again, kind = rows, mode = update
            query = "SELECT o, users + 1 AS users FROM seen", into = { table = seen, key = [o] } }
        """;
    TestingRun plan = run("plan", PAIRS + count);
    TestingRun run = run("run", PAIRS + count);

    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(plan.counts("seen", "planned", "toInsert", "toUpdate", "toDelete"))
        .isEqualTo(RunTest.numbers(3, 2, 1, 2))
        .isEqualTo(run.counts("seen", "planned", "inserted", "updated", "deleted"));
    assertThat(plan.counts("again", "planned", "toUpdate"))
        .isEqualTo(RunTest.numbers(3, 3))
        .isEqualTo(run.counts("again", "planned", "updated"));
    assertThat(run.counts("seen", "missing")).isEqualTo(RunTest.numbers(0));
    assertThat(database.rows("SELECT o, users, why FROM seen ORDER BY 1"))
        .hasToString("[[1, 3, member], [2, 2, member], [8, 2, member]]");
  }

  @Test
  void whatGoesAlongIsNotGuessed() throws Exception {
    database.execute("CREATE TABLE noted (id bigint PRIMARY KEY, o bigint)");
    TestingRun plan =
        run(
            "plan",
            PAIRS
                + """
                , { name = noted, kind = rows, mode = insert-missing
                    query = "SELECT id, o FROM note", into = { table = noted, key = [id] } }
                """);

    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(plan.step("noted").path("toInsert").isNull()).isTrue();
    assertThat(plan.said())
        .contains(
            "step noted: what it would do is not known: which rows of note go along with those that step may would"
                + " delete is not known before");
  }
}
