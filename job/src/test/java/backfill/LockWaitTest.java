package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingGrants;
import backfill.testing.TestingRun;
import java.sql.Connection;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a report says of the time that a step lost to locks of other sessions. */
class LockWaitTest {
  @Test
  void attemptsThatGaveUpForALockAreTimed() throws Exception {
    try (TestingGrants there = TestingGrants.of(5, 10);
        Connection holder = there.database.connection()) {
      String plan = there.plan("waits", "lock-timeout = 300 ms");
      holder.setAutoCommit(false);
      holder.createStatement().execute("LOCK TABLE access IN SHARE MODE");
      CompletableFuture<TestingRun> run = TestingRun.begin(there.database.environment(), plan);
      there.await("it waits for the table", "count(*) > 0" + TestingGrants.BLOCKED);
      Object first = there.database.rows("SELECT min(pid)" + TestingGrants.BLOCKED).get(0).get(0);
      // An attempt that gives up closes its connection; the next one has its own.
      there.await(
          "it gives up and tries again",
          "count(*) > 0 AND NOT bool_or(pid = " + first + ")" + TestingGrants.BLOCKED);
      holder.rollback();

      TestingRun ended = run.get();

      assertThat(ended.code()).as(ended.said()).isZero();
      assertThat(ended.step().path("lockWaitMs").longValue())
          .as("of two writers together")
          .isBetween(300L, 2 * ended.step().path("stages").path("write").longValue());
      assertThat(ended.step().path("throttledMs").isNumber()).isTrue();

      there.database.execute("DELETE FROM access");
      TestingRun free = TestingRun.here(there.database.environment(), plan);
      assertThat(free.step().path("lockWaitMs").numberValue()).isEqualTo(0);
    }
  }
}
