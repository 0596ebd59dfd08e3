package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingGrants;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The same command again, after the driver was killed. */
class RerunTest {
  private static final int KILLS = 3;

  @Test
  void rerunAfterKillsAtAnyMomentEndsAsIfNothingHadBeen() throws Exception {
    long seed = TestingRandomGrants.anySeed();
    System.out.println("RerunTest: backfill.seed=" + seed);
    Random random = new Random(seed);
    try (TestingGrants there = TestingGrants.of(30, 200)) {
      String plan = there.plan("killed", "ledger.lease = 1 s");
      there.beforeEachBatch("PERFORM pg_sleep(0.1);");
      for (int kill = 1; kill <= KILLS; kill++) {
        try (TestingProcess job =
            TestingProcess.local("local[2]", there.database.environment(), plan)) {
          job.await(there, "a run began", "to_regclass('backfill.lease') IS NOT NULL");
          job.await(there, "it was entered", "count(*) = " + kill + " FROM backfill.run");
          if (kill == KILLS) {
            job.await(there, "a batch was in", "count(*) > 0 FROM access");
          }
          Thread.sleep(random.nextInt(1500));
          job.kill();
        }
        // Before and behind what is written, and in the middle of it.
        there.database.execute(
            "INSERT INTO member SELECT o, 1000 + %d FROM generate_series(0, 31) o".formatted(kill));
      }
      there.beforeEachBatch("");
      there.await("the lease is over", "max(until) < clock_timestamp() FROM backfill.lease");

      TestingRun rerun = TestingRun.here(there.database.environment(), plan);

      assertThat(rerun.code()).as(rerun.message()).isZero();
      assertThat(there.differences()).isZero();
      assertThat(there.rows()).isEqualTo(30 * 200 + KILLS * 32);
      assertThat(there.ledgerRows()).as("of all attempts").isEqualTo(there.rows());
      assertThat(rerun.inserted())
          .as("of its own")
          .isEqualTo(there.ledgerRows(rerun.runId()))
          .isLessThan(there.rows());
      assertThat(rerun.step().path("planned").longValue()).isEqualTo(there.rows());
    }
  }
}
