package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.postgres.preflight.Preflight;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.Database;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.NotReadyException;
import backfill.spark.query.PlanQueries;
import backfill.testing.TestingAccess;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDefectDojo;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import backfill.testing.TestingSpark;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code check --grants} prints is enough for a run, and none of it is too much. */
class CheckGrantsTest {
  private static final String PLAN = "defectdojo-authorized-users";

  private TestingDatabase database;
  private Connection connection;
  private TestingDefectDojo dojo;
  private String role;

  @BeforeEach
  void defectDojoThatGivesNothingToEverybody() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    connection = database.connection();
    role = "role of \"" + database.name() + "\"";
    dojo = TestingDefectDojo.create(connection);
    TestingRandomGrants.fill(connection, 1);
    execute(
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "REVOKE ALL ON DATABASE " + database.name() + " FROM PUBLIC",
        // As in a database that is older than Django's identity columns.
        "ALTER TABLE dojo_product_authorized_users ALTER COLUMN id DROP IDENTITY",
        "CREATE SEQUENCE pairs OWNED BY dojo_product_authorized_users.id",
        "SELECT setval('pairs', 1000000)",
        "ALTER TABLE dojo_product_authorized_users ALTER COLUMN id SET DEFAULT nextval('pairs')",
        "CREATE ROLE " + quoted(role) + " LOGIN PASSWORD 'trusted'");
  }

  @AfterEach
  void drop() throws SQLException {
    execute("DROP OWNED BY " + quoted(role), "DROP ROLE " + quoted(role));
    connection.close();
    database.close();
  }

  @Test
  void aRoleWithExactlyThePrintedStatementsRunsThePlan() throws SQLException {
    TestingAccess expected = TestingAccess.expected(connection);
    grantsFor(role).forEach(this::execute);

    TestingRun run = TestingRun.bare(environment(), "run", PLAN);

    assertThat(run.line().toString()).contains("\"status\":\"succeeded\"", "\"exitCode\":0");
    assertThat(TestingAccess.present(connection)).isEqualTo(expected);
  }

  @Test
  void withoutAnyOneOfThemPreflightGivesAReason() throws SQLException {
    List<String> grants = grantsFor(role);
    assertThat(grants)
        .hasSize(19)
        .contains(
            "GRANT USAGE ON SCHEMA \"public\" TO " + quoted(role),
            "GRANT CREATE ON DATABASE " + quoted(database.name()) + " TO " + quoted(role),
            "GRANT SELECT (\"product_id\", \"user_id\") ON \"public\".\"dojo_product_member\" TO "
                + quoted(role),
            "GRANT SELECT (\"id\", \"is_superuser\", \"is_staff\") ON \"public\".\"auth_user\" TO "
                + quoted(role),
            "GRANT UPDATE (\"is_superuser\", \"is_staff\") ON \"public\".\"auth_user\" TO "
                + quoted(role),
            "GRANT INSERT (\"product_id\", \"dojo_user_id\") ON"
                + " \"public\".\"dojo_product_authorized_users\" TO "
                + quoted(role),
            "GRANT USAGE ON SEQUENCE \"public\".\"pairs\" TO " + quoted(role));
    grants.forEach(this::execute);
    assertThat(preflight().warnings()).noneMatch(warning -> warning.contains("no right"));
    for (String grant : grants) {
      execute(grant.replaceFirst("^GRANT", "REVOKE").replace(" TO ", " FROM "));
      if (grant.startsWith("GRANT SELECT (\"id\") ON \"public\".\"dojo_product")) {
        // It runs, and takes a product that goes meanwhile for a fault of the data.
        assertThat(preflight().warnings())
            .anyMatch(
                warning ->
                    warning.contains("no right to ask whether a row of ")
                        && warning.endsWith(grant));
      } else {
        assertThatThrownBy(this::preflight).as(grant).isInstanceOf(NotReadyException.class);
      }
      execute(grant);
    }
    preflight();
  }

  @Test
  void whoLacksRightsIsToldThemAllAndStillNotReady() {
    execute(
        "GRANT CONNECT ON DATABASE " + database.name() + " TO " + quoted(role),
        "GRANT USAGE ON SCHEMA public TO " + quoted(role));

    TestingRun check = TestingRun.bare(environment(), "check", PLAN, "--grants");

    assertThat(check.code()).isEqualTo(3);
    check.printed().stream().filter(line -> line.startsWith("GRANT ")).forEach(this::execute);
    preflight();
  }

  @Test
  void nothingIsPrintedWhereSomethingElseIsAmiss() {
    execute("DROP TABLE dojo_product_group");

    TestingRun check = TestingRun.bare(database.environment(), "check", PLAN, "--grants");

    assertThat(check.code()).isEqualTo(3);
    assertThat(check.printed()).isEmpty();
  }

  @Test
  void aTriggerThatRunsWithOurRightsIsNamed() throws Exception {
    dojo.withUserHistory();

    assertThat(TestingRun.bare(database.environment(), "check", PLAN, "--grants").printed())
        .startsWith(
            "-- What a role needs to run defectdojo-authorized-users, and nothing more.",
            "-- The role named is the one that this check logged in as; --role names another.",
            "-- only-if is asked too: to_regclass('dojo_role') IS NOT NULL",
            "-- trigger pgtrigger_update_update on auth_user runs dojo_user_event() with the rights of the role that"
                + " writes; what it does is not known here, its text names dojo_dojo_userevent: GRANT what it needs too");
  }

  @Test
  void aTriggerOfBatchesIsNamedToo(@TempDir Path directory) throws Exception {
    execute(
        "CREATE TABLE aged (id int PRIMARY KEY, age int)",
        "CREATE TABLE trail (id int)",
        "CREATE FUNCTION note_age() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN INSERT INTO trail VALUES (new.id); RETURN NULL; END $$",
        "CREATE TRIGGER noted AFTER UPDATE ON aged FOR EACH ROW EXECUTE FUNCTION note_age()");
    Path plan =
        Files.writeString(
            directory.resolve("aged.conf"),
            "name = aged, steps = [{ name = age, kind = batches, table = aged, where = \"age IS NULL\", set { age = \"0\" } }]");

    assertThat(
            TestingRun.bare(database.environment(), "check", plan.toString(), "--grants").printed())
        .contains(
            "-- trigger noted on aged runs note_age() with the rights of the role that writes; what it does is not known"
                + " here, its text names trail: GRANT what it needs too");
  }

  @Test
  void roleIsNamedAndTheWholeIsOneTransactionOfPsqls() throws SQLException {
    TestingRun check =
        TestingRun.bare(database.environment(), "check", PLAN, "--grants", "--role", role);

    assertThat(check.code()).isZero();
    List<String> printed = check.printed();
    assertThat(printed.get(0))
        .isEqualTo("-- What a role needs to run defectdojo-authorized-users, and nothing more.");
    assertThat(printed).noneMatch(line -> line.contains("logged in as"));
    // psql stops there, before the line of JSON.
    assertThat(printed.get(printed.size() - 1)).isEqualTo("\\q");
    execute(String.join("\n", printed.subList(0, printed.size() - 1)));
    preflight();
  }

  @Test
  void roleWithoutGrantsIsAMistake() {
    TestingRun check = TestingRun.bare(database.environment(), "check", PLAN, "--role", "x");

    assertThat(check.code()).isEqualTo(2);
    assertThat(check.err())
        .containsExactly(
            "--role x is for --grants, which is missing; add it; see backfill check --help");
  }

  @Test
  void rowsWhoseParentGoesMeanwhileAreNoFaultOfTheDataForTheLeastRoleEither() throws Exception {
    grantsFor(role).forEach(this::execute);
    database.execute(
        "CREATE TABLE went AS SELECT product_id AS id FROM dojo_product_member LIMIT 1");
    try (TestingHeldRun held =
        TestingHeldRun.writing(
            database,
            "dojo_product_authorized_users",
            options -> {
              String[] words = Arrays.copyOf(new String[] {"run", PLAN}, 2 + options.length);
              System.arraycopy(options, 0, words, 2, options.length);
              return TestingRun.of(environment(), words);
            })) {
      TestingRun run =
          held.meanwhile(
                  "DELETE FROM dojo_product_member WHERE product_id IN (SELECT id FROM went)",
                  "DELETE FROM dojo_product_group WHERE product_id IN (SELECT id FROM went)",
                  "DELETE FROM dojo_product_authorized_users WHERE product_id IN (SELECT id FROM went)",
                  "DELETE FROM dojo_product WHERE id IN (SELECT id FROM went)")
              .release();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.step("product-users").path("rejected").asLong()).isPositive();
      assertThat(run.step("product-users").path("rejections"))
          .isNotEmpty()
          .allSatisfy(one -> assertThat(one.path("reason").asText()).isEqualTo("parent-gone"));
    }
  }

  /** What a superuser's check prints, for another role. */
  private List<String> grantsFor(String name) {
    TestingRun check = TestingRun.bare(database.environment(), "check", PLAN, "--grants");
    assertThat(check.code()).isZero();
    return check.printed().stream()
        .filter(line -> !line.startsWith("--") && !line.equals("\\q"))
        .peek(line -> assertThat(line).endsWith(" TO " + quoted(database.user()) + ";"))
        .map(line -> line.replace(" TO " + quoted(database.user()) + ";", " TO " + quoted(name)))
        .toList();
  }

  private PreflightResult preflight() {
    Plan plan = PlanFile.read(PLAN, PlanFile.shippedText(PLAN).orElseThrow(), List.of(), "test");
    Database as = Database.fromEnvironment("BACKFILL", environment(), Duration.ofSeconds(10));
    try (Preflight preflight =
        Preflight.open(plan, plan.steps(), NamedDatabases.only(as), "backfill test")) {
      preflight.askForLedger();
      return preflight.check(new PlanQueries(TestingSpark.session()));
    }
  }

  private Map<String, String> environment() {
    return Map.of(
        "BACKFILL_URL", database.url(), "BACKFILL_USER", role, "BACKFILL_PASSWORD", "trusted");
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  private void execute(String... statements) {
    try {
      database.execute(statements);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
