package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.report.ExitCodeTest;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDojo;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Mistakes of somebody's first day: each ends with its exit code and with one message that says
 * what was wrong and what to do, and leaves nothing behind.
 */
class NewcomerTest {
  private static TestingDojo there;

  @TempDir Path directory;

  @BeforeAll
  static void fill() throws Exception {
    there = TestingDojo.create();
    there.dojo.productMember("p1", "u1", "Reader");
  }

  @AfterAll
  static void drop() throws Exception {
    there.close();
  }

  private static void assertOneMessage(int code, String message, TestingRun run) {
    assertThat(run.err()).as(run.said()).containsExactly(message);
    assertThat(run.code()).isEqualTo(code);
    assertThat(run.line().path("exitCode").asInt()).isEqualTo(code);
    ExitCodeTest.assertClear(run);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rnu PLAN | backfill has no command rnu; it has check, completion, demo, diff, explain, help, pace, page, pause, plan, plans, run, status, undo, unpause, verify; see backfill --help; did you mean run?",
        "migrate PLAN | backfill has no command migrate; it has check, completion, demo, diff, explain, help, pace, page, pause, plan, plans, run, status, undo, unpause, verify; see backfill --help",
        "run PLAN --dry-run | backfill run has no option --dry-run; it has --approved, --approved-by, --approved-diff, --diff, --from, --help, --json, --label, --only, --quiet, --redact, --report, --set, --until, --version; see backfill run --help",
        "run PLAN --onyl user-flags | backfill run has no option --onyl; it has --approved, --approved-by, --approved-diff, --diff, --from, --help, --json, --label, --only, --quiet, --redact, --report, --set, --until, --version; see backfill run --help; did you mean --only?",
        "run PLAN now | backfill run does not take the word now; see backfill run --help",
        "run | Missing required parameter: 'PLAN'; see backfill run --help",
        "run defectdojo-authorised-users | defectdojo-authorised-users: is neither a file nor a shipped plan; shipped are coder-api-key-scopes, coder-prebuilds-membership, defectdojo-authorized-users, gitea-repository-access, gitlab-package-pipelines, gitlab-project-authorizations, gitlab-seat-assignments, keycloak-effective-roles; did you mean defectdojo-authorized-users?",
        "run PLAN --set write.writer=4 | --set: write.writer is not a setting; did you mean write.writers?",
        "run PLAN --set steps.0.name=x | --set: steps.0.name cannot be set from the command line; edit the plan",
        "run PLAN --only users | --only: the plan has no step users; it has product-users, product-type-users, user-flags",
        "run PLAN --report nowhere/report.json | --report: cannot write nowhere/report.json; name a file in a directory that exists and may be written",
        "run PLAN --report . | --report: cannot write .; name a file, this is a directory",
        "run PLAN --report http://127.0.0.1:1/run.json | --report: cannot write http://127.0.0.1:1/run.json; name a URI that Hadoop can write: what is at http:// can only be read",
        "plan PLAN --diff https://127.0.0.1:1/run.jsonl | --diff: cannot write https://127.0.0.1:1/run.jsonl; name a place that can be written: what is at https:// can only be read",
        "run PLAN --report s3a://reports/run.json | --report: cannot write s3a://reports/run.json; name a URI that Hadoop can write: the connector for s3a:// is missing; add it by --packages or --jars of spark-submit",
        "run s3a://plans/mine.conf | s3a://plans/mine.conf: cannot be read: the connector for s3a:// is missing; add it by --packages or --jars of spark-submit",
        "help row | help has no topic row; it has plan, params, databases, sessions, sources, views, never, pairs, rows, batches, ddl, cluster, sink, source, settings, read, flatten, write, throttle, verify, ledger, hooks, metrics, limits, types, cookbook, approval, diff, explain, report, exit-codes, environment, lineage, troubleshooting, undo, what-if, coder, defectdojo, gitea, gitlab, keycloak, and every plan and command; did you mean rows?",
      })
  void wordThatIsWrongIsNamed(String words, String message) throws Exception {
    List<List<Object>> before = there.trace();

    TestingRun run =
        TestingRun.bare(
            there.database.environment(), words.replace("PLAN", TestingRun.DOJO).split(" "));

    assertOneMessage(2, message, run);
    assertThat(there.trace()).isEqualTo(before);
  }

  @Test
  void noWordAtAllGetsTheHelp() {
    TestingRun run = TestingRun.bare(Map.of());

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .contains("Commands:")
        .endsWith("a command is missing, as in backfill demo");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | BACKFILL_URL: not set; set it to the database's JDBC URL, as in jdbc:postgresql://host:5432/name",
        "postgres://me:secret@db/app | BACKFILL_URL: is not a PostgreSQL JDBC URL: it begins with postgres:; expected jdbc:postgresql://host:5432/name, without user and password",
        "jdbc:mysql://db/app?password=secret | BACKFILL_URL: is not a PostgreSQL JDBC URL: it begins with jdbc:mysql:; expected jdbc:postgresql://host:5432/name, without user and password",
        "db.example.org | BACKFILL_URL: is not a PostgreSQL JDBC URL; expected jdbc:postgresql://host:5432/name, without user and password",
      })
  void addressThatIsNoneIsNamedWithoutASecret(String url, String message) {
    assertOneMessage(
        2, message, TestingRun.bare(Map.of("BACKFILL_URL", url), "run", TestingRun.DOJO));
  }

  /** Lines of the log without time and level. */
  private static List<String> logged(TestingRun run) {
    return run.err().stream().map(line -> line.replaceFirst("^[\\d:]+ \\w+ +", "")).toList();
  }

  private static void assertNotReady(TestingRun run, String... reasons) {
    assertThat(run.code()).as(run.said()).isEqualTo(3);
    List<String> logged = logged(run);
    int begin = logged.indexOf("preflight: not ready, nothing was written:");
    assertThat(begin).as(run.said()).isNotNegative();
    assertThat(logged.subList(begin + 1, logged.size() - 1)).containsExactly(reasons);
    assertThat(logged.get(logged.size() - 1))
        .matches("run defectdojo-authorized-users: failed in \\d+\\.\\d s \\(exit 3\\)");
    ExitCodeTest.assertClear(run);
  }

  private TestingRun run(String variable, String value) {
    Map<String, String> environment = new HashMap<>(there.database.environment());
    environment.put(variable, value);
    return TestingRun.bare(environment, "run", TestingRun.DOJO);
  }

  @Test
  void serverThatIsNotUpIsNamed() {
    TestingRun run = run("BACKFILL_URL", "jdbc:postgresql://localhost:1/dojo");

    assertNotReady(
        run,
        "cannot connect to localhost:1/dojo: Connection to localhost:1 refused. Check that the hostname and port are"
            + " correct and that the postmaster is accepting TCP/IP connections. (ConnectException: Connection refused)."
            + " Check that the server runs, and the address in BACKFILL_URL");
  }

  @Test
  void databaseThatIsNotThereIsNamed() {
    String url = there.database.url().replace(there.database.name(), "dojjo");

    assertNotReady(
        run("BACKFILL_URL", url),
        "cannot connect to "
            + url.replaceFirst("jdbc:postgresql://", "").replaceFirst("[?].*", "")
            + ": database \"dojjo\" does not exist. Check the database's name in BACKFILL_URL");
  }

  @Test
  void databaseOfSomethingElseIsSaidToBeThat() throws Exception {
    try (TestingDatabase other = TestingPostgres.shared().createDatabase()) {
      TestingRun run = TestingRun.bare(other.environment(), "run", TestingRun.DOJO);

      assertThat(run.code()).isEqualTo(3);
      assertThat(logged(run))
          .anyMatch(
              line ->
                  line.matches(
                      "BACKFILL_URL: names \\S+/%s, which has none of the plan's tables; name the database that has them"
                          .formatted(other.name())));
      ExitCodeTest.assertClear(run);
      assertThat(other.count("SELECT count(*) FROM pg_namespace WHERE nspname = 'backfill'"))
          .isZero();
    }
  }

  @Test
  void ledgerThatMayNotBeReadIsSaidWithItsGrants() throws Exception {
    try (TestingDatabase own = TestingPostgres.shared().createDatabase()) {
      own.execute("CREATE SCHEMA backfill", "CREATE TABLE backfill.run ()");
      String role = "newcomer_" + own.name();
      own.execute("CREATE ROLE " + role + " LOGIN PASSWORD 'trusted'");
      Map<String, String> environment = new HashMap<>(own.environment());
      environment.put("BACKFILL_USER", role);
      environment.put("BACKFILL_PASSWORD", "trusted");
      try {
        assertOneMessage(
            3,
            "no right to read the ledger of %s at %s; GRANT USAGE ON SCHEMA \"backfill\" and SELECT ON ALL TABLES IN SCHEMA \"backfill\""
                .formatted(role, own.url().replaceFirst("[?].*", "")),
            TestingRun.bare(environment, "status"));
      } finally {
        own.execute("DROP ROLE " + role);
      }
    }
  }

  @Test
  void statusOfAServerThatIsNotUpSaysWhatToDo() {
    TestingRun run =
        TestingRun.bare(Map.of("BACKFILL_URL", "jdbc:postgresql://localhost:1/dojo"), "status");

    assertThat(run.code()).isEqualTo(3);
    assertThat(run.err()).hasSize(1);
    assertThat(run.said())
        .startsWith("cannot connect to localhost:1/dojo: ")
        .endsWith("Check that the server runs, and the address in BACKFILL_URL");
  }

  @Test
  void keyThatIsMistypedAndRowsThatMayNotGoAreNamedWithTheirLines() throws Exception {
    Path plan = directory.resolve("first.conf");
    Files.writeString(
        plan,
        """
        name = first
        sorces.extra = nothing
        sources { grants { table = dojo_product_member, were = "true" } }
        steps = [
          { name = visible, kind = pairs
            direct = [{ from = grants, object = product_id, user = user_id }]
            into = { table = dojo_product_authorized_users, object = product_id, user = dojo_user_id }
            surplus = delete }
        ]
        """);

    TestingRun run = TestingRun.bare(there.database.environment(), "run", plan.toString());

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .containsExactlyElementsOf(
            Arrays.asList(
                plan + ":2: unknown key sorces in the plan; did you mean sources?",
                plan + ":3: unknown key were in source grants; did you mean where?",
                plan
                    + ":5: step visible deletes rows of dojo_product_authorized_users, and the plan does not say"
                    + " allow-delete = true; say it if they may go"));
    ExitCodeTest.assertClear(run);
  }
}
