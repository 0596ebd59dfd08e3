package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingAccess;
import backfill.testing.TestingAccessCases;
import backfill.testing.TestingDefectDojo;
import backfill.testing.TestingDojo;
import backfill.testing.TestingRun;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole runs of the DefectDojo plan, held against what plain SQL says. */
public class RunTest {

  @Test
  void targetsAreAsTheOracleSays() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      TestingAccess expected = TestingAccessCases.access("", "", "");
      for (TestingAccessCases.Case one : TestingAccessCases.together().toList()) {
        one.fill().into(there.dojo);
        expected = expected.and(one.expected());
      }

      assertThat(runAndCompare(there)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("backfill.testing.TestingAccessCases#alone")
  void targetsAreAsTheOracleSaysFor(TestingAccessCases.Case one) throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      one.fill().into(there.dojo);

      assertThat(runAndCompare(there)).isEqualTo(one.expected());
    }
  }

  private static TestingAccess runAndCompare(TestingDojo there) throws SQLException {
    TestingAccess before = TestingAccess.present(there.connection);
    TestingAccess justified = TestingAccess.justified(there.connection);

    TestingRun run = there.run("run");

    assertThat(run.code()).as(run.said()).isZero();
    TestingAccess after = TestingAccess.present(there.connection);
    assertThat(after).isEqualTo(justified.and(before));
    if (run.step("product-users").path("status").asText().equals("done")) {
      assertReportTellsTheTables(run, before, justified);
    }
    return after;
  }

  private static void assertReportTellsTheTables(
      TestingRun run, TestingAccess before, TestingAccess justified) {
    TestingAccess inserted = justified.without(before);
    TestingAccess surplus = before.without(justified);
    String[] names = {"planned", "inserted", "alreadyPresent", "surplus", "missing"};
    assertThat(run.counts("product-users", names))
        .isEqualTo(
            numbers(
                justified.products().size(),
                inserted.products().size(),
                justified.products().size() - inserted.products().size(),
                surplus.products().size(),
                0));
    assertThat(run.counts("product-type-users", names))
        .isEqualTo(
            numbers(
                justified.types().size(),
                inserted.types().size(),
                justified.types().size() - inserted.types().size(),
                surplus.types().size(),
                0));
    long users = inserted.flags().stream().map(flag -> flag.split(" ")[0]).distinct().count();
    assertThat(run.counts("user-flags", "updated", "missing", "changedMeanwhile"))
        .isEqualTo(numbers(users, 0, 0));
  }

  @Test
  void secondRunTouchesNothing() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      fill(there.dojo);
      assertThat(there.run("run").code()).isZero();
      List<List<Object>> after = there.trace();

      TestingRun second = there.run("run");

      assertThat(second.code()).as(second.said()).isZero();
      assertThat(there.trace()).isEqualTo(after);
      assertThat(second.line().path("inserted").asLong()).isZero();
      assertThat(second.line().path("updated").asLong()).isZero();
      assertThat(second.counts("product-users", "planned", "alreadyPresent", "sequenceValues"))
          .isEqualTo(numbers(3, 3, 0));
    }
  }

  /** Eight sources and three targets are read, in two threads. */
  @Test
  void readsOfOneSnapshotTakeTurnsInItsSessions() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      fill(there.dojo);
      assertThat(there.run("run").code()).isZero();
      long before = sessions(there);

      assertThat(there.run("run").code()).isZero();

      assertThat(sessions(there) - before).isBetween(5L, 14L);
    }
  }

  /** How many there were of the database, once those of a run have ended. */
  private static long sessions(TestingDojo there) throws SQLException {
    while (number(
            there,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'backfill %'")
        > 0) {
      Thread.onSpinWait();
    }
    return number(
        there, "SELECT sessions FROM pg_stat_database WHERE datname = current_database()");
  }

  private static long number(TestingDojo there, String sql) throws SQLException {
    try (Statement statement = there.connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  @Test
  void bothFlagsOfAUserAreOneUpdateAndAnUntouchedUserHasNone() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      fill(there.dojo);
      there.dojo.withUserHistory();

      TestingRun run = there.run("run");

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(
              there.database.rows(
                  "SELECT username, is_superuser, is_staff FROM dojo_dojo_userevent ORDER BY username"))
          .containsExactly(List.of("u1", true, true), List.of("u2", true, false));
      assertThat(run.counts("user-flags", "planned", "updated", "unchanged", "absent"))
          .isEqualTo(numbers(4, 2, 2, 0));
      assertThat(run.step("user-flags").path("changes").toString())
          .isEqualTo("{\"is_superuser\":2,\"is_staff\":1}");
    }
  }

  /** An identity burns a value for each row sent: only those that were missing are sent. */
  @Test
  void sequenceMovesByTheRowsThatAreInserted() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      there.dojo.authorizedUser("p1", "u1").productMember("p1", "u1", "Reader");
      there.dojo.productMember("p1", "u2", "Reader").productMember("p2", "u2", "Reader");

      TestingRun run = there.run("run");

      assertThat(there.database.rows("SELECT last_value FROM dojo_product_authorized_users_id_seq"))
          .containsExactly(List.of(3L));
      assertThat(run.counts("product-users", "sequenceValues", "inserted", "conflicts"))
          .isEqualTo(numbers(2, 2, 0));
    }
  }

  /** Three product pairs; u1 gains two flags, u2 one, u3 and u4 none. */
  private static void fill(TestingDefectDojo dojo) throws Exception {
    dojo.productMember("p1", "u1", "Reader")
        .productGroup("p1", "g1")
        .group("g1", "u1", "u2")
        .productMember("p2", "u3", "Owner")
        .typeGroup("pt1", "g1")
        .authorizedUser("p9", "u9")
        .globalRoleGroup("g1", "Owner")
        .globalRoleUser("u1", "Maintainer")
        .superuser("u3")
        .globalRoleUser("u3", "Owner")
        .globalRoleUser("u4", "Reader");
  }

  public static List<Long> numbers(long... numbers) {
    return Arrays.stream(numbers).boxed().toList();
  }
}
