package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingAccess;
import backfill.testing.TestingDojo;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a run makes of rows that the database does not take. */
class RejectedRunTest {
  private static final String PRODUCTS = "product-users";
  private static final String FLAGS = "user-flags";
  private static final String NO_OWNER =
      "ALTER TABLE auth_user ADD CONSTRAINT no_owner CHECK (NOT is_superuser) NOT VALID";
  private static final String[] AFTER_THE_WRITE = {
    "inserted", "conflicts", "rejected", "missing", "addedMeanwhile"
  };

  private TestingDojo there;

  @BeforeEach
  void fill() throws Exception {
    there = TestingDojo.create();
    there
        .dojo
        .productMember("p1", "u1", "Reader")
        .productMember("p1", "u2", "Reader")
        .productMember("p2", "u3", "Reader")
        .globalRoleUser("u1", "Owner")
        .globalRoleUser("u2", "Maintainer");
  }

  @AfterEach
  void drop() throws Exception {
    there.close();
  }

  /** A grant to somebody who does not exist. */
  private void dangle() throws SQLException {
    there.database.execute(
        "ALTER TABLE dojo_product_member DROP CONSTRAINT dojo_product_member_user_id_fkey",
        "INSERT INTO dojo_product_member (product_id, user_id, role_id)"
            + " SELECT product_id, 4711, role_id FROM dojo_product_member LIMIT 1");
  }

  private static JsonNode rejection(TestingRun run, String step) {
    assertThat(run.step(step).path("rejections")).hasSize(1);
    return run.step(step).path("rejections").path(0);
  }

  /** What is planned ends under one name or another. */
  private static void assertAddsUp(TestingRun run) {
    List<Long> inserts = run.counts(PRODUCTS, "planned", "alreadyPresent", "inserted", "rejected");
    assertThat(inserts.get(0)).isEqualTo(inserts.get(1) + inserts.get(2) + inserts.get(3));
    List<Long> updates =
        run.counts(
            FLAGS, "planned", "updated", "unchanged", "absent", "changedMeanwhile", "rejected");
    assertThat(updates.get(0)).isEqualTo(updates.stream().skip(1).mapToLong(Long::longValue).sum());
  }

  @Test
  void aGrantToNobodyStopsTheRunAfterItsBatch() throws SQLException {
    dangle();

    TestingRun run = there.run("run");

    assertThat(run.code()).as(run.said()).isEqualTo(6);
    assertThat(run.report().path("status").asText()).isEqualTo("failed");
    assertThat(run.report().path("error").path("retryable").asBoolean()).isFalse();
    assertThat(run.report().path("error").path("message").asText())
        .startsWith("1 row was rejected, and limits.rejected-rows allows 0; the first one, (")
        .endsWith(", 4711): auth_user has no row whose (id) is (4711) (SQLSTATE 23503)");
    assertThat(rejection(run, PRODUCTS).path("key").path(1).asText()).isEqualTo("4711");
    assertThat(run.counts(PRODUCTS, "inserted", "rejected"))
        .containsExactly(there.rows("dojo_product_authorized_users"), 1L);
  }

  @Test
  void withinTheLimitItGoesOnAndSaysSo() throws SQLException {
    dangle();

    TestingRun run = there.run("run", "--set", "limits.rejected-rows=10");

    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.report().path("status").asText()).isEqualTo("succeeded");
    assertThat(run.report().path("error").isNull()).isTrue();
    assertThat(run.counts(PRODUCTS, AFTER_THE_WRITE)).isEqualTo(RunTest.numbers(3, 0, 1, 0, 0));
    JsonNode rejection = rejection(run, PRODUCTS);
    assertThat(rejection.path("sqlState").asText()).isEqualTo("23503");
    assertThat(rejection.path("constraint").asText())
        .isEqualTo(
            there
                .database
                .rows(
                    "SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid = 'auth_user'::regclass"
                        + " AND conrelid = 'dojo_product_authorized_users'::regclass")
                .get(0)
                .get(0));
    assertThat(rejection.path("key").path(1).asText()).isEqualTo("4711");
    assertThat(run.line().path("rejected").asLong()).isOne();
    assertThat(run.said()).contains("write product-users: 1 rejected; the first: (");
    assertAddsUp(run);
  }

  @Test
  void theSumOverStepsIsHeldAgainstTheLimit() throws SQLException {
    dangle();
    there.database.execute(NO_OWNER);

    TestingRun run = there.run("run", "--set", "limits.rejected-rows=1");

    assertThat(run.code()).as(run.said()).isEqualTo(6);
    assertThat(run.report().path("error").path("step").asText()).isEqualTo(FLAGS);
    assertThat(run.report().path("error").path("message").asText())
        .startsWith("2 rows were rejected, and limits.rejected-rows allows 1; the first one, (");
  }

  @Test
  void anUpdateThatIsRefusedIsNotMissing() throws SQLException {
    there.database.execute(NO_OWNER);

    TestingRun run = there.run("run", "--set", "limits.rejected-rows=1");

    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.counts(FLAGS, "updated", "rejected", "missing", "addedMeanwhile"))
        .isEqualTo(RunTest.numbers(1, 1, 0, 0));
    assertThat(rejection(run, FLAGS).path("constraint").asText()).isEqualTo("no_owner");
    assertAddsUp(run);
  }

  @Test
  void aRowThatATriggerSwallowsIsSuppressed() throws SQLException {
    there.database.execute(
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.dojo_user_id ="
            + " (SELECT id FROM auth_user WHERE username = 'u2') THEN NULL ELSE NEW END; END $$",
        "CREATE TRIGGER swallow BEFORE INSERT ON dojo_product_authorized_users FOR EACH ROW EXECUTE FUNCTION swallow()");

    TestingRun run = there.run("run", "--set", "limits.rejected-rows=1");

    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.counts(PRODUCTS, AFTER_THE_WRITE)).isEqualTo(RunTest.numbers(2, 0, 1, 0, 0));
    assertThat(rejection(run, PRODUCTS).path("reason").asText()).isEqualTo("suppressed");
    assertThat(rejection(run, PRODUCTS).path("sqlState").isNull()).isTrue();
    assertAddsUp(run);
  }

  @Test
  void aUserDeletedWithItsGrantsBeforeTheWriteIsNobodysFault() throws Exception {
    String gone = " = (SELECT id FROM auth_user WHERE username = 'u2')";
    try (TestingHeldRun held = TestingHeldRun.writing(there, "dojo_product_authorized_users")) {
      TestingRun run =
          held.meanwhile(
                  "DELETE FROM dojo_product_member WHERE user_id" + gone,
                  "DELETE FROM dojo_global_role WHERE user_id" + gone,
                  "DELETE FROM auth_user WHERE username = 'u2'")
              .release();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts(PRODUCTS, AFTER_THE_WRITE)).isEqualTo(RunTest.numbers(2, 0, 1, 0, 0));
      assertThat(rejection(run, PRODUCTS).path("reason").asText()).isEqualTo("parent-gone");
      assertThat(run.said()).contains("1 rejected, 1 of them for a parent gone meanwhile;");
      assertAddsUp(run);
    }
    assertThat(TestingAccess.present(there.connection))
        .isEqualTo(TestingAccess.expected(there.connection));
  }
}
