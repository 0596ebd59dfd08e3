package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.SQLException;
import java.util.List;

/** A small DefectDojo that a submitted job fills, and what it must say then. */
public final class TestingSubmittedDojo implements AutoCloseable {
  public static final String JAR =
      TestingCheckout.root().resolve("job/target/backfill.jar").toString();

  final TestingDojo dojo;
  public final TestingRole role;
  private final TestingAccess expected;
  private final TestingAccess before;
  private final long rowsBefore;

  public TestingSubmittedDojo() throws Exception {
    dojo = TestingDojo.create();
    role = TestingRole.superuser(dojo.database);
    for (TestingAccessCases.Case one : TestingAccessCases.together().toList()) {
      one.fill().into(dojo.dojo);
    }
    expected = TestingAccess.expected(dojo.connection);
    before = TestingAccess.present(dojo.connection);
    rowsBefore = dojo.rows(TestingDojo.TARGETS.get(0));
  }

  public void assertUntouched() throws SQLException {
    assertThat(TestingAccess.present(dojo.connection)).isEqualTo(before).isNotEqualTo(expected);
  }

  /** That it ended well, said so in both ways, and wrote what plain SQL says. */
  public void assertDone(TestingRun run) throws SQLException {
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.line().path("status").asText()).isEqualTo("succeeded");
    assertThat(run.line().path("runId").asText()).isEqualTo(run.runId()).isNotEmpty();
    assertDone(run.report());
  }

  /** That a report tells of the rows that plain SQL says, and the ledger of the same run. */
  public void assertDone(JsonNode report) throws SQLException {
    assertThat(report.path("exitCode").asInt(-1)).as("%s", report).isZero();
    assertThat(TestingAccess.present(dojo.connection)).isEqualTo(expected);
    assertThat(report.path("steps").path(0).path("inserted").asLong())
        .isEqualTo(dojo.rows(TestingDojo.TARGETS.get(0)) - rowsBefore)
        .isPositive();
    assertThat(
            dojo.database.rows(
                "SELECT run_id::text, status, plan FROM backfill.run ORDER BY started_at DESC LIMIT 1"))
        .containsExactly(List.of(report.path("runId").asText(), "succeeded", TestingRun.DOJO));
  }

  @Override
  public void close() throws SQLException {
    role.close();
    dojo.close();
  }
}
