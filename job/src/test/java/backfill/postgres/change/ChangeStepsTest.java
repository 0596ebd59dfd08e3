package backfill.postgres.change;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Steps of batches and ddl on small tables of the test's own. */
class ChangeStepsTest {
  private static final String SET =
      """
      { name = mark, kind = batches, table = items, where = "state IS NULL", set = { state = "'x' || b" } }""";
  private static final String PURGE =
      """
      { name = purge, kind = batches, table = items, where = "b < 0", delete = true }""";

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE items (a int, b int, state text, PRIMARY KEY (b, a))",
        "INSERT INTO items (a, b) SELECT n, n % 7 - 3 FROM generate_series(1, 50) n");
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private TestingRun run(String command, String steps, String... words) throws Exception {
    Path plan = directory.resolve("changes.conf");
    Files.writeString(plan, "name = changes\nallow-delete = true\nsteps = [" + steps + "]\n");
    List<String> all = new ArrayList<>(List.of(command, plan.toString()));
    all.addAll(List.of(words));
    all.addAll(List.of("--set", "write.rows-per-batch=7", "--set", "write.retry-for=5 s"));
    return TestingRun.of(database.environment(), all.toArray(String[]::new));
  }

  @Test
  void rowsAreSetAlongAKeyOfTwoColumns() throws Exception {
    TestingRun run = run("run", SET);
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("mark", "planned", "updated", "rejected", "missing", "addedMeanwhile"))
        .containsExactly(50L, 50L, 0L, 0L, 0L);
    assertThat(database.count("SELECT count(*) FROM items WHERE state = 'x' || b")).isEqualTo(50);
    assertThat(database.count("SELECT count(*) FROM backfill.batch WHERE changed > 0"))
        .isEqualTo(8);
    TestingRun again = run("run", SET);
    assertThat(again.counts("mark", "planned", "updated", "statements"))
        .containsExactly(0L, 0L, 2L);
  }

  @Test
  void rowThatATriggerSwallowsIsRejectedAndDoesNotLoop() throws Exception {
    database.execute(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.a = 4 THEN RETURN NULL; END IF;"
            + " RETURN OLD; END $$",
        "CREATE TRIGGER keep BEFORE DELETE ON items FOR EACH ROW EXECUTE FUNCTION keep()",
        "UPDATE items SET b = -9 WHERE a <= 10");
    long negative = database.count("SELECT count(*) FROM items WHERE b < 0");
    TestingRun run = run("run", PURGE, "--set", "limits.rejected-rows=1");
    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.counts("purge", "planned", "deleted", "rejected", "missing"))
        .containsExactly(negative, negative - 1, 1L, 0L);
    assertThat(run.step("purge").path("rejections").path(0).path("reason").asText())
        .isEqualTo("suppressed");
  }

  @Test
  void rowThatTheDataRefusesIsRejectedAloneAndBeyondTheLimitTheRunEnds() throws Exception {
    database.execute("ALTER TABLE items ADD CHECK (state <> 'x1' OR a <> 4)");
    TestingRun strict = run("run", SET);
    assertThat(strict.code()).isEqualTo(6);
    assertThat(strict.said()).contains("1 row was rejected, and limits.rejected-rows allows 0");
    TestingRun run = run("run", SET, "--set", "limits.rejected-rows=1");
    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.step("mark").path("rejections").path(0).path("key").toString())
        .isEqualTo("[\"1\",\"4\"]");
    assertThat(database.count("SELECT count(*) FROM items WHERE state IS NULL")).isOne();
  }

  @Test
  void rowThatWouldBeFoundAgainIsRejectedAndStaysAsItWas() throws Exception {
    TestingRun run =
        run(
            "run",
            """
            { name = mark, kind = batches, table = items, where = "state IS NULL",
              set = { state = "CASE WHEN a = 4 THEN NULL ELSE 'x' END" } }""",
            "--set",
            "limits.rejected-rows=5");
    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.counts("mark", "updated", "rejected")).containsExactly(49L, 1L);
    assertThat(run.step("mark").path("rejections").path(0).path("reason").asText())
        .isEqualTo("where holds for it after set, too");
  }

  @Test
  void cascadesAtAnyDepthAreCountedByTheDryRunByTheLimitAndByTheRun() throws Exception {
    database.execute(
        "CREATE TABLE parts (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES items (a, b)"
            + " ON DELETE CASCADE)",
        "CREATE TABLE screws (id int PRIMARY KEY, part int REFERENCES parts ON DELETE CASCADE,"
            + " other int REFERENCES parts ON DELETE SET NULL)",
        "INSERT INTO parts SELECT a, a, b FROM items WHERE a <= 20",
        "INSERT INTO screws SELECT a, a, NULL FROM items WHERE a <= 10");
    TestingRun plan = run("plan", PURGE);
    assertThat(plan.code()).as(plan.said()).isZero();
    TestingRun refused = run("run", PURGE, "--set", "limits.rows-deleted=25");
    assertThat(refused.code()).isEqualTo(5);
    assertThat(refused.said()).contains("step purge would delete").contains("along with them");
    assertThat(database.count("SELECT count(*) FROM items")).isEqualTo(50);

    TestingRun run = run("run", PURGE, "--set", "limits.rows-deleted=1000");
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("purge", "deleted")).isEqualTo(plan.counts("purge", "toDelete"));
    assertThat(run.step("purge").path("cascaded")).isEqualTo(plan.step("purge").path("cascaded"));
    assertThat(run.step("purge").path("cascaded").path("parts").asLong())
        .isEqualTo(20 - database.count("SELECT count(*) FROM parts"))
        .isPositive();
    assertThat(run.step("purge").path("cascaded").path("screws").asLong())
        .isEqualTo(10 - database.count("SELECT count(*) FROM screws"))
        .isPositive();
  }

  @Test
  void everyReasonIsSaidBeforeAnythingIsTouched() throws Exception {
    database.execute(
        "CREATE TABLE bare (x int)",
        "CREATE TABLE loose (p int, q int, r int NOT NULL, s int NOT NULL)",
        "CREATE UNIQUE INDEX live ON loose (r, s) WHERE q IS NULL");
    TestingRun run =
        run(
            "run",
            """
            { name = one, kind = batches, table = itms, where = "a > 1", set = { b = "1" } }
            { name = two, kind = batches, table = bare, where = "x > 1", set = { x = "1" } }
            { name = three, kind = batches, table = items, where = "nosuch > 1", set = { stat = "1" } }
            { name = four, kind = ddl, creates = elsewhere.thing, statement = "CREATE TABLE elsewhere.thing ()" }
            { name = five, kind = ddl, not-null = [items.nothing] }
            { name = six, kind = ddl, enum = mood, values = [good] }""");
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.said())
        .contains("step one: table itms does not exist")
        .contains("step four: `elsewhere.thing` begins with neither a table")
        .contains("step six: mood is not an enum type");
    TestingRun second =
        run(
            "run",
            """
            { name = two, kind = batches, table = bare, where = "x > 1", set = { x = "1" } }
            { name = three, kind = batches, table = items, where = "nosuch > 1", set = { stat = "1" } }
            { name = nulls, kind = batches, table = loose, key = [p, q], where = "p > 1", set = { s = "1" } }
            { name = part, kind = batches, table = loose, key = [r, s], where = "p > 1", set = { q = "1" } }
            { name = five, kind = ddl, not-null = [items.nothing] }""");
    assertThat(second.code()).isEqualTo(3);
    assertThat(second.said())
        .contains("step two: bare has no primary key; give the step key =")
        .contains("step three: where cannot be asked: ")
        .contains(
            "step three: items has no column \"stat\", and no step before this one makes it; did you mean state?")
        .contains(
            "step nulls: key columns \"p\", \"q\" of loose may be NULL, and such a row has no place in the key's order;"
                + " ALTER TABLE \"public\".\"loose\" ALTER COLUMN \"p\" SET NOT NULL, ALTER COLUMN \"q\" SET NOT NULL")
        .contains(
            "step part: loose has no valid unique index on exactly (r, s) to go along (live covers only rows WHERE (q IS"
                + " NULL)); give the step the key of an index that has every row")
        .contains("step five: there is no column items.nothing");
  }

  @Test
  void stepOnAColumnThatALeftOutStepWouldMakeSaysSo() throws Exception {
    String steps =
        """
        { name = column, kind = ddl, creates = items.size, statement = "ALTER TABLE items ADD COLUMN size int" }
        { name = sizes, kind = batches, table = items, where = "size IS NULL", set = { size = "a" } }""";
    assertThat(run("run", steps, "--only", "sizes").said())
        .contains("step sizes: items has no column \"size\", and no step before this one makes it");
    TestingRun run = run("run", steps);
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(database.count("SELECT count(*) FROM items WHERE size = a")).isEqualTo(50);
  }

  @Test
  void dryRunKnowsWhatEarlierStepsDelete() throws Exception {
    String steps =
        PURGE
            + """

            { name = column, kind = ddl, creates = items.size, statement = "ALTER TABLE items ADD COLUMN size int" }
            { name = sizes, kind = batches, table = items, where = "size IS NULL AND b <> 2", set = { size = "b" } }
            { name = large, kind = batches, table = items, where = "size = 1", set = { size = "100" } }""";
    TestingRun plan = run("plan", steps);
    TestingRun run = run("run", steps);
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(plan.counts("sizes", "toUpdate")).isEqualTo(run.counts("sizes", "updated"));
    assertThat(plan.counts("large", "toUpdate")).isEqualTo(run.counts("large", "updated"));
    assertThat(run.counts("large", "updated").get(0)).isPositive();
  }

  @Test
  void dryRunSaysNothingWhereItCannotKnow() throws Exception {
    TestingRun plan =
        run(
            "plan",
            """
            { name = column, kind = ddl, creates = items.size
              statement = "ALTER TABLE items ADD COLUMN size int DEFAULT 3" }
            { name = sizes, kind = batches, table = items, where = "size = 3", set = { size = "b" } }""");
    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(plan.counts("sizes", "toUpdate", "planned")).containsExactly(null, null);
    assertThat(plan.report().path("warnings").toString())
        .contains("what rows will have in size, which step column makes, is not known before");
  }

  @Test
  void invalidIndexThatWasLeftBehindIsMadeAgain() throws Exception {
    database.execute("CREATE INDEX items_state ON items (state)");
    database.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'items_state'::regclass");
    String step =
        """
        { name = index, kind = ddl, creates = items_state
          statement = "CREATE INDEX CONCURRENTLY items_state ON items (state)" }""";
    TestingRun run = run("run", step);
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("index", "statements", "missing")).containsExactly(2L, 0L);
    assertThat(
            database.count(
                "SELECT count(*) FROM pg_index WHERE indexrelid = 'items_state'::regclass AND indisvalid"))
        .isOne();
    assertThat(run("run", step).counts("index", "statements")).containsExactly(0L);
  }

  @Test
  void statementThatMakesSomethingElseFails() throws Exception {
    TestingRun run =
        run(
            "run",
            """
            { name = index, kind = ddl, creates = items_stat
              statement = "DO 'BEGIN CREATE INDEX items_state ON items (state); END'" }""");
    assertThat(run.code()).isEqualTo(6);
    assertThat(run.said())
        .contains("the server took the statement of step index, and items_stat is still absent");
  }

  @Test
  void tableThatWentBeforeItsStepIsMissedInPreflightAndNothingOfTheStepIsWritten()
      throws Exception {
    TestingRun run =
        run(
            "run",
            """
            { name = away, kind = ddl, creates = other
              statement = "DO 'BEGIN CREATE TABLE other (id int); ALTER TABLE items RENAME TO gone; END'" }
            """
                + SET);
    assertThat(run.code()).as(run.said()).isEqualTo(3);
    assertThat(run.report().path("error").path("stage").asText()).isEqualTo("preflight");
    assertThat(run.report().path("error").path("step").asText()).isEqualTo("mark");
    assertThat(run.report().path("error").path("message").asText())
        .contains("table items does not exist")
        .contains("done before it, whole: away");
    assertThat(run.said()).contains("preflight: step mark cannot run:");
    assertThat(run.step("mark").path("stages").has("write")).isFalse();
  }

  @Test
  void columnWithNullsIsNotMadeNotNullAndNothingIsLeftBehind() throws Exception {
    String step = "{ name = strict, kind = ddl, not-null = [items.state] }";
    TestingRun run = run("run", step);
    assertThat(run.code()).isEqualTo(6);
    assertThat(run.said()).contains("items.state is NULL in 50 rows, and cannot be made NOT NULL");
    assertThat(
            database.count(
                "SELECT count(*) FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0"))
        .isZero();
    // The check of a run that was killed behind it, with a row that it let pass.
    database.execute(
        "ALTER TABLE items ADD CONSTRAINT backfill_state_not_null CHECK (state IS NOT NULL) NOT VALID");
    assertThat(run("run", step).said()).contains("items.state is NULL in 50 rows");
    database.execute("UPDATE items SET state = 'y'");
    assertThat(run("verify", step).code()).isEqualTo(7);
    TestingRun done = run("run", step);
    assertThat(done.counts("strict", "statements", "missing")).containsExactly(4L, 0L);
    assertThat(run("run", step).counts("strict", "statements")).containsExactly(0L);
    assertThat(run("verify", step).code()).isZero();
  }

  @Test
  void rowsLeftAreMissingForVerify() throws Exception {
    TestingRun verify = run("verify", SET);
    assertThat(verify.code()).isEqualTo(7);
    assertThat(verify.counts("mark", "missing")).containsExactly(50L);
    assertThat(verify.said()).contains("50 rows or definitions are not as the plan wants them");
  }

  @Test
  void deletingNeedsThePlansWord() throws Exception {
    Path plan = directory.resolve("purge.conf");
    Files.writeString(plan, "name = purge\nsteps = [" + PURGE + "]\n");
    TestingRun run = TestingRun.of(database.environment(), "run", plan.toString());
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.said()).contains("step purge deletes rows of items");
  }

  @Test
  void nowIsThatOfTheRunThatDidNotComeToItsEnd() throws Exception {
    database.execute("ALTER TABLE items ADD COLUMN at timestamptz");
    String steps =
        """
        { name = times, kind = batches, table = items, where = "at IS NULL", set = { at = ":now" } }
        { name = strict, kind = ddl, not-null = [items.state] }""";
    assertThat(run("run", steps).code()).isEqualTo(6);
    database.execute("INSERT INTO items (a, b) VALUES (99, 1)");
    TestingRun second = run("run", steps);
    assertThat(second.said()).contains("did not come to its end; this one goes on with its :now");
    assertThat(database.count("SELECT count(DISTINCT at) FROM items")).isOne();
    database.execute("UPDATE items SET state = 'y'", "UPDATE items SET at = NULL WHERE a = 99");
    assertThat(run("run", steps).code()).isZero();
    assertThat(database.count("SELECT count(DISTINCT at) FROM items")).isOne();
    database.execute("UPDATE items SET at = NULL WHERE a = 99");
    assertThat(run("run", steps).said()).doesNotContain("did not come to its end");
    assertThat(database.count("SELECT count(DISTINCT at) FROM items")).isEqualTo(2);
    database.execute(
        "UPDATE backfill.run SET status = 'failed'", "UPDATE items SET at = NULL WHERE a = 99");
    assertThat(run("run", steps, "--set", "ledger.resume-within=0 s").said())
        .doesNotContain("did not come to its end");
  }

  @Test
  void checkListsEveryStatementWithItsLock() throws Exception {
    database.execute(
        "CREATE TABLE parts (id int, a int, b int, FOREIGN KEY (b, a) REFERENCES items ON DELETE CASCADE)");
    TestingRun check =
        run(
            "check",
            PURGE
                + "\n"
                + SET
                + """

                { name = index, kind = ddl, creates = i, statement = "CREATE INDEX CONCURRENTLY i ON items (state)" }
                { name = strict, kind = ddl, not-null = [items.state] }
                { name = gone, kind = ddl, drops = items.state, statement = "ALTER TABLE items DROP COLUMN state" }""",
            "--sql",
            "--grants");
    assertThat(check.code()).as(check.said()).isZero();
    assertThat(String.join("\n", check.out()))
        .contains("GRANT DELETE ON \"public\".\"items\" TO")
        .contains("DELETE FROM \"public\".\"items\" USING")
        .contains("ROW EXCLUSIVE on public.parts: blocks")
        .contains("UPDATE \"public\".\"items\" SET \"state\" = ('x' || b")
        .contains("SHARE UPDATE EXCLUSIVE on public.items: blocks")
        .contains(
            "ALTER TABLE \"public\".\"items\" VALIDATE CONSTRAINT \"backfill_state_not_null\"")
        .contains(
            "ACCESS EXCLUSIVE on public.items: blocks everybody, SELECT included until COMMIT");
  }
}
