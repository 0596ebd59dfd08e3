package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A query that is asked again and again has one session, and any other one of its own. */
class TestingDatabaseTest {
  private static final String PID = "SELECT pg_backend_pid()";
  private static final String SESSIONS =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = '%s' AND pid <> pg_backend_pid()";

  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private List<Long> asked(int times) throws SQLException {
    List<Long> pids = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      pids.add(database.count(PID));
    }
    return pids;
  }

  @Test
  void askedAgainItKeepsItsSession() throws Exception {
    List<Long> pids = asked(5);

    assertThat(pids.get(0)).isNotEqualTo(pids.get(1));
    assertThat(pids.subList(1, 5)).containsOnly(pids.get(1));
  }

  @Test
  void whateverElseIsAskedDoneOrCopiedEndsIt() throws Exception {
    long kept = asked(3).get(2);
    assertThat(database.count(PID + " + 0")).isNotEqualTo(kept);
    assertThat(asked(1)).doesNotContain(kept);

    kept = asked(2).get(1);
    database.execute("CREATE TABLE t (a int)");
    assertThat(asked(1)).doesNotContain(kept);

    asked(2);
    try (TestingDatabase copy = TestingPostgres.shared().copy(database)) {
      assertThat(copy.count("SELECT count(*) FROM t")).isZero();
    }
  }

  @Test
  void sessionThatTheServerEndedIsReplaced() throws Exception {
    long kept = asked(2).get(1);
    try (TestingDatabase other = TestingPostgres.shared().createDatabase()) {
      other.count("SELECT count(pg_terminate_backend(%d, 5000))".formatted(kept));
    }

    assertThat(asked(3)).doesNotContain(kept);
  }

  @Test
  void queryThatFailsLeavesNoSession() throws Exception {
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> database.rows("SELECT 1 / 0"))
          .hasMessageContaining("division by zero");
    }
    try (TestingDatabase other = TestingPostgres.shared().createDatabase()) {
      String sessions = SESSIONS.formatted(database.name());
      long end = System.nanoTime() + 10_000_000_000L;
      while (other.count(sessions) > 0 && System.nanoTime() < end) {
        Thread.sleep(20);
      }
      assertThat(other.count(sessions)).isZero();
    }
  }
}
