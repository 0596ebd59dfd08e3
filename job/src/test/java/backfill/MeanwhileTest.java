package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingAccess;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDojo;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What others change while a run lasts, and under which name the report has it. */
class MeanwhileTest {
  private static final String FIRST = "product-users";
  private static final String ALIKE = "verify product-users: the sources are as they were read";
  private static final String[] VERIFIED = {"missing", "addedMeanwhile", "revokedMeanwhile"};

  private TestingDojo there;

  @BeforeEach
  void fill() throws Exception {
    there = TestingDojo.create();
    there
        .dojo
        .productMember("p1", "u1", "Reader")
        .productMember("p1", "u2", "Reader")
        .productMember("p2", "u2", "Reader")
        .productMember("p2", "u3", "Reader")
        .globalRoleUser("u1", "Maintainer")
        .superuser("u1");
  }

  @AfterEach
  void drop() throws Exception {
    there.close();
  }

  /** The last step waits, the first one is written: then verify looks. */
  private TestingHeldRun heldBeforeVerify() throws Exception {
    TestingHeldRun held = TestingHeldRun.writing(there, "auth_user");
    assertThat(there.rows("dojo_product_authorized_users")).isEqualTo(4);
    return held;
  }

  @Test
  void rowThatVanishesBeforeVerifyIsMissing() throws Exception {
    try (TestingHeldRun held = heldBeforeVerify()) {
      TestingRun run =
          held.meanwhile(
                  "DELETE FROM dojo_product_authorized_users a USING auth_user u"
                      + " WHERE u.id = a.dojo_user_id AND u.username = 'u3'")
              .release();

      assertThat(run.code()).as(run.said()).isEqualTo(7);
      assertThat(run.counts(FIRST, VERIFIED)).isEqualTo(RunTest.numbers(1, 0, 0));
      assertThat(run.report().path("status").asText()).isEqualTo("failed");
      assertThat(run.line().path("missing").asLong()).isEqualTo(1);
      assertThat(run.said()).contains("1 missing").contains("missing first: (").contains(ALIKE);
    }
  }

  @Test
  void userDeletedWithGrantsAndRowsIsNotMissing() throws Exception {
    try (TestingHeldRun held = heldBeforeVerify()) {
      TestingRun run =
          held.meanwhile(
                  "DELETE FROM dojo_product_authorized_users WHERE dojo_user_id ="
                      + " (SELECT id FROM auth_user WHERE username = 'u2')",
                  "DELETE FROM dojo_product_member WHERE user_id ="
                      + " (SELECT id FROM auth_user WHERE username = 'u2')",
                  "DELETE FROM auth_user WHERE username = 'u2'")
              .release();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts(FIRST, VERIFIED)).isEqualTo(RunTest.numbers(0, 0, 0));
      assertThat(TestingAccess.present(there.connection))
          .isEqualTo(TestingAccess.expected(there.connection));
    }
  }

  @Test
  void grantRevokedMeanwhileIsNotMissing() throws Exception {
    try (TestingHeldRun held = heldBeforeVerify()) {
      TestingRun run =
          held.meanwhile(
                  "DELETE FROM dojo_product_member WHERE user_id ="
                      + " (SELECT id FROM auth_user WHERE username = 'u3')")
              .release();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts(FIRST, VERIFIED)).isEqualTo(RunTest.numbers(0, 0, 1));
      assertThat(run.said()).doesNotContain(ALIKE);
      assertThat(run.report().path("warnings").toString())
          .contains(
              "verify product-users: 1 row that this run wrote was revoked in the sources meanwhile, and is still there");
    }
  }

  @Test
  void grantAddedMeanwhileIsLeftToTheNextRun() throws Exception {
    try (TestingHeldRun held = heldBeforeVerify()) {
      TestingRun run =
          held.meanwhile(
                  "INSERT INTO dojo_product_member (product_id, user_id, role_id)"
                      + " SELECT p.id, u.id, 1 FROM dojo_product p, auth_user u"
                      + " WHERE p.name = 'p1' AND u.username = 'u3'")
              .release();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts(FIRST, VERIFIED)).isEqualTo(RunTest.numbers(0, 1, 0));
      assertThat(there.run("run").line().path("inserted").asLong()).isEqualTo(1);
      assertThat(TestingAccess.present(there.connection))
          .isEqualTo(TestingAccess.expected(there.connection));

      assertThat(there.run("run").said())
          .as("nothing to do, and nothing changed meanwhile")
          .contains("verify product-users: sources and target are as they were read")
          .contains("verify user-flags: sources and target are as they were read");
    }
  }

  @Test
  void userDemotedBetweenReadAndWriteStaysDemoted() throws Exception {
    try (TestingHeldRun held = TestingHeldRun.writing(there, "dojo_product_authorized_users")) {
      there.database.execute("UPDATE auth_user SET is_superuser = false WHERE username = 'u1'");

      TestingRun run = held.release();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts("user-flags", "changedMeanwhile", "updated", "missing"))
          .isEqualTo(RunTest.numbers(1, 0, 0));
      assertThat(
              there.database.rows(
                  "SELECT is_superuser, is_staff FROM auth_user WHERE username = 'u1'"))
          .containsExactly(List.of(false, false));
    }
  }

  /** Somebody else's row is neither an error nor counted as ours. */
  @Test
  void rowThatSomebodyElseWroteFirstIsAConflict() throws Exception {
    try (TestingHeldRun held = TestingHeldRun.writing(there, "dojo_product_authorized_users")) {
      TestingRun run =
          held.meanwhile(
                  "INSERT INTO dojo_product_authorized_users (product_id, dojo_user_id)"
                      + " SELECT p.id, u.id FROM dojo_product p, auth_user u"
                      + " WHERE p.name = 'p1' AND u.username = 'u1'")
              .release();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts(FIRST, "planned", "inserted", "conflicts", "alreadyPresent", "missing"))
          .isEqualTo(RunTest.numbers(4, 3, 1, 1, 0));
      assertThat(there.rows("dojo_product_authorized_users")).isEqualTo(4);
    }
  }

  /** One of another database can change none of our rows. */
  @Test
  void transactionThatStaysOpenIsNamedAndThatOfAnotherDatabaseIsNot() throws Exception {
    try (TestingDatabase elsewhere = TestingPostgres.shared().createDatabase();
        Connection other = elsewhere.connection();
        Connection ours = there.database.connection()) {
      other.setAutoCommit(false);
      other.createStatement().execute("SELECT pg_current_xact_id()");

      TestingRun run = there.run("run");

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.said()).doesNotContain("still open");

      ours.setAutoCommit(false);
      ours.createStatement().execute("SELECT pg_current_xact_id()");
      TestingRun beside = there.run("run", "--set", "verify.wait-for=200 ms");

      assertThat(beside.code()).as(beside.said()).isZero();
      assertThat(beside.report().path("warnings").toString())
          .contains(
              "verify: 1 transaction was open at our last commit and is still open after 200 ms")
          .contains("database " + there.database.name() + ", role " + there.database.user())
          .contains("; what is changed there is not seen");
    }
  }

  /** An old snapshot would keep vacuum from its work for as long as the write lasts. */
  @Test
  void nobodyOfOursHoldsASnapshotWhileWeWriteButTheBatchItself() throws Exception {
    try (TestingHeldRun held = TestingHeldRun.writing(there, "dojo_product_authorized_users")) {
      String ours =
          " FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'backfill %'";

      assertThat(
              there.database.count(
                  "SELECT count(*)"
                      + ours
                      + " AND wait_event_type = 'Lock' AND backend_xid IS NOT NULL"))
          .isPositive();
      assertThat(
              there.database.rows(
                  "SELECT application_name, state, query"
                      + ours
                      + " AND (backend_xmin IS NOT NULL OR state LIKE 'idle in transaction%')"
                      + " AND wait_event_type IS DISTINCT FROM 'Lock'"))
          .isEmpty();
      assertThat(held.release().code()).isZero();
    }
  }
}
