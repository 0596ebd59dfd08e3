package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a run makes of rows that the database does not take. */
class RejectedRunTest {
  private static final String PLAN = "defectdojo-authorized-users";
  private static final String PRODUCTS = "product-users";
  private static final String FLAGS = "user-flags";
  private static final ObjectMapper JSON = new ObjectMapper();

  private TestingDatabase database;
  private Connection connection;

  @BeforeEach
  void dojo() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    connection = database.connection();
    DefectDojo.create(connection)
        .productMember("p1", "u1", "Reader")
        .productMember("p1", "u2", "Reader")
        .productMember("p2", "u3", "Reader")
        .globalRoleUser("u1", "Owner")
        .globalRoleUser("u2", "Maintainer");
  }

  @AfterEach
  void drop() throws SQLException {
    connection.close();
    database.close();
  }

  private Ended run(String... options) {
    List<String> words = new ArrayList<>(List.of("run", PLAN, "--report", "-"));
    words.addAll(List.of(options));
    TestingCommand command =
        TestingCommand.run(database.environment(), words.toArray(String[]::new));
    try {
      return new Ended(
          command.exitCode(), JSON.readTree(String.join("\n", command.printed())), command);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(command.out().toString(), e);
    }
  }

  private record Ended(int code, JsonNode report, TestingCommand command) {
    JsonNode step(String name) {
      for (JsonNode step : report.path("steps")) {
        if (step.path("name").asText().equals(name)) {
          return step;
        }
      }
      throw new AssertionError(name + " is not in " + report);
    }

    long count(String step, String name) {
      JsonNode count = step(step).path(name);
      assertThat(count.isNumber()).as(step + "." + name + " in " + step(step)).isTrue();
      return count.longValue();
    }

    /** What is planned ends under one name or another. */
    void addsUp() {
      assertThat(count(PRODUCTS, "planned"))
          .isEqualTo(
              count(PRODUCTS, "alreadyPresent")
                  + count(PRODUCTS, "inserted")
                  + count(PRODUCTS, "rejected"));
      assertThat(count(FLAGS, "planned"))
          .isEqualTo(
              count(FLAGS, "updated")
                  + count(FLAGS, "unchanged")
                  + count(FLAGS, "absent")
                  + count(FLAGS, "changedMeanwhile")
                  + count(FLAGS, "rejected"));
    }
  }

  /** A grant to somebody who does not exist. */
  private void dangle() throws SQLException {
    database.execute(
        "ALTER TABLE dojo_product_member DROP CONSTRAINT dojo_product_member_user_id_fkey",
        "INSERT INTO dojo_product_member (product_id, user_id, role_id)"
            + " SELECT product_id, 4711, role_id FROM dojo_product_member LIMIT 1");
  }

  @Test
  void aGrantToNobodyStopsTheRunAfterItsBatch() throws SQLException {
    dangle();

    Ended ended = run();

    assertThat(ended.code()).as(String.join("; ", ended.command().log())).isEqualTo(6);
    assertThat(ended.report().path("status").asText()).isEqualTo("failed");
    assertThat(ended.report().path("error").path("retryable").asBoolean()).isFalse();
    assertThat(ended.report().path("error").path("message").asText())
        .startsWith("1 row was rejected, and limits.rejected-rows allows 0; the first one, (")
        .endsWith(", 4711): auth_user has no row whose (id) is (4711) (SQLSTATE 23503)");
    assertThat(ended.count(PRODUCTS, "rejected")).isOne();
    assertThat(database.count("SELECT count(*) FROM dojo_product_authorized_users"))
        .isEqualTo(ended.count(PRODUCTS, "inserted"));
  }

  @Test
  void withinTheLimitItGoesOnAndSaysSo() throws SQLException {
    dangle();

    Ended ended = run("--set", "limits.rejected-rows=10");

    assertThat(ended.code()).as(String.join("; ", ended.command().log())).isEqualTo(8);
    assertThat(ended.report().path("status").asText()).isEqualTo("succeeded");
    assertThat(ended.report().path("error").isNull()).isTrue();
    assertThat(ended.count(PRODUCTS, "inserted")).isEqualTo(3);
    assertThat(ended.count(PRODUCTS, "missing")).isZero();
    assertThat(ended.count(PRODUCTS, "addedMeanwhile")).isZero();
    JsonNode rejection = ended.step(PRODUCTS).path("rejections").path(0);
    assertThat(rejection.path("sqlState").asText()).isEqualTo("23503");
    assertThat(rejection.path("constraint").asText())
        .isEqualTo(constraint("dojo_product_authorized_users", "auth_user"));
    assertThat(rejection.path("key").path(1).asText()).isEqualTo("4711");
    assertThat(ended.command().line()).contains("\"rejected\":1,");
    ended.addsUp();
  }

  private String constraint(String table, String parent) throws SQLException {
    return database
        .rows(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = '%s'::regclass AND confrelid = '%s'::regclass"
                .formatted(table, parent))
        .get(0)
        .get(0)
        .toString();
  }

  @Test
  void theSumOverStepsIsHeldAgainstTheLimit() throws SQLException {
    dangle();
    database.execute(
        "ALTER TABLE auth_user ADD CONSTRAINT no_owner CHECK (NOT is_superuser) NOT VALID");

    Ended ended = run("--set", "limits.rejected-rows=1");

    assertThat(ended.code()).as(String.join("; ", ended.command().log())).isEqualTo(6);
    assertThat(ended.report().path("error").path("step").asText()).isEqualTo(FLAGS);
    assertThat(ended.report().path("error").path("message").asText())
        .startsWith("2 rows were rejected, and limits.rejected-rows allows 1; the first one, (");
  }

  @Test
  void anUpdateThatIsRefusedIsNotMissing() throws SQLException {
    database.execute(
        "ALTER TABLE auth_user ADD CONSTRAINT no_owner CHECK (NOT is_superuser) NOT VALID");

    Ended ended = run("--set", "limits.rejected-rows=1");

    assertThat(ended.code()).as(String.join("; ", ended.command().log())).isEqualTo(8);
    assertThat(ended.count(FLAGS, "updated")).isOne();
    assertThat(ended.count(FLAGS, "rejected")).isOne();
    assertThat(ended.count(FLAGS, "missing")).isZero();
    assertThat(ended.count(FLAGS, "addedMeanwhile")).isZero();
    assertThat(ended.step(FLAGS).path("rejections").path(0).path("constraint").asText())
        .isEqualTo("no_owner");
    ended.addsUp();
  }

  @Test
  void aRowThatATriggerSwallowsIsSuppressed() throws SQLException {
    database.execute(
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.dojo_user_id ="
            + " (SELECT id FROM auth_user WHERE username = 'u2') THEN NULL ELSE NEW END; END $$",
        "CREATE TRIGGER swallow BEFORE INSERT ON dojo_product_authorized_users FOR EACH ROW EXECUTE FUNCTION swallow()");

    Ended ended = run("--set", "limits.rejected-rows=1");

    assertThat(ended.code()).as(String.join("; ", ended.command().log())).isEqualTo(8);
    assertThat(ended.count(PRODUCTS, "inserted")).isEqualTo(2);
    assertThat(ended.count(PRODUCTS, "conflicts")).isZero();
    assertThat(ended.count(PRODUCTS, "missing")).isZero();
    JsonNode rejection = ended.step(PRODUCTS).path("rejections").path(0);
    assertThat(rejection.path("reason").asText()).isEqualTo("suppressed");
    assertThat(rejection.path("sqlState").isNull()).isTrue();
    ended.addsUp();
  }

  @Test
  void aUserDeletedWithItsGrantsBeforeTheWriteIsNobodysFault() throws Exception {
    try (Connection holder = database.connection()) {
      holder.setAutoCommit(false);
      execute(holder, "LOCK TABLE dojo_product_authorized_users IN SHARE MODE");
      CompletableFuture<Ended> run =
          CompletableFuture.supplyAsync(() -> run("--set", "lock-timeout=60 s"));
      awaitWriting(run);
      for (String table : List.of("dojo_product_member", "dojo_global_role")) {
        execute(
            holder,
            "DELETE FROM "
                + table
                + " WHERE user_id = (SELECT id FROM auth_user WHERE username = 'u2')");
      }
      execute(holder, "DELETE FROM auth_user WHERE username = 'u2'");
      holder.commit();
      Ended ended = run.get(2, TimeUnit.MINUTES);

      assertThat(ended.code()).as(String.join("; ", ended.command().log())).isZero();
      assertThat(ended.count(PRODUCTS, "inserted")).isEqualTo(2);
      assertThat(ended.count(PRODUCTS, "rejected")).isOne();
      assertThat(ended.count(PRODUCTS, "missing")).isZero();
      assertThat(ended.step(PRODUCTS).path("rejections").path(0).path("reason").asText())
          .isEqualTo("parent-gone");
      ended.addsUp();
    }
    assertThat(Access.present(connection).products())
        .isEqualTo(Access.expected(connection).products());
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private void awaitWriting(CompletableFuture<Ended> run) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (database.count(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND application_name LIKE 'backfill %' AND cardinality(pg_blocking_pids(pid)) > 0")
        == 0) {
      assertThat(run.isDone()).as("the run never waited").isFalse();
      assertThat(System.nanoTime()).as("the run does not come to its lock").isLessThan(end);
      Thread.sleep(20);
    }
  }
}
