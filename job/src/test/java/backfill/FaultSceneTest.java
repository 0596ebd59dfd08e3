package backfill;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingFaultScene;
import backfill.testing.TestingFaultedPlan;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.sql.Connection;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is held against every faulted run of {@link FaultPassTest} fails where it must. */
class FaultSceneTest {
  @Test
  void eachCheckFindsWhatItIsFor() throws Exception {
    try (TestingFaultScene there =
        TestingFaultScene.of(TestingFaultedPlan.SEATS, TestingPostgres.shared())) {
      TestingRun run = there.begin().get();
      there.assertDone(run, "undisturbed");

      there.database.execute("UPDATE backfill.lease SET until = 'infinity' WHERE name ~ 'plan'");
      assertThatThrownBy(() -> there.assertDone(run, "held"))
          .hasMessageContaining("held: leases that are held");
      assertThatThrownBy(() -> there.assertRerunEndsItAll("held"))
          .hasMessageContaining("held: leases that are held for long");
      there.database.execute("UPDATE backfill.lease SET until = '-infinity'");

      try (Connection connection = there.database.connection()) {
        connection.createStatement().execute("SELECT pg_advisory_lock(1)");
        assertThatThrownBy(() -> there.assertNothingLeft("locked", 0))
            .hasMessageContaining("locked: left on the server")
            .hasMessageContaining("advisory lock 1");
      }

      there.database.execute(
          "UPDATE backfill.batch SET changed = changed - 1, run_id = gen_random_uuid()"
              + " WHERE ctid = (SELECT min(ctid) FROM backfill.batch WHERE changed > 0)");
      assertThatThrownBy(() -> there.assertReported(run, Set.of(0), "not its own"))
          .hasMessageContaining("not its own: the report's counts are the ledger's");
      assertThatThrownBy(() -> there.assertReported(run, Set.of(75), "another end"))
          .hasMessageContaining("another end: exit 0");
      assertThatThrownBy(() -> there.assertLedgerIsRight("not counted"))
          .hasMessageContaining("not counted: the ledger's rows are the tables'");

      there.database.execute(
          "UPDATE subscription_seat_assignments SET seat_type = 9 - seat_type WHERE id = (SELECT max(id) FROM"
              + " subscription_seat_assignments)");
      assertThatThrownBy(() -> there.tables.assertRight("lost"))
          .hasMessageContaining("lost: justified and not held");
      there.database.execute(
          "DELETE FROM members WHERE user_id = (SELECT user_id FROM subscription_seat_assignments"
              + " ORDER BY id DESC LIMIT 1)");
      assertThatThrownBy(() -> there.tables.assertRight("not granted"))
          .hasMessageContaining("not granted: held and not justified");
    }
  }
}
