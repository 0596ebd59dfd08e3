package backfill;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingFaultedDojo;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import org.junit.jupiter.api.Test;

/** What is held against every run of {@link FaultPassTest} fails where it must. */
class FaultedDojoTest {
  @Test
  void eachCheckFindsWhatItIsFor() throws Exception {
    try (TestingFaultedDojo there = TestingFaultedDojo.on(TestingPostgres.shared())) {
      TestingRun run = there.begin().get();
      there.assertDone(run, "undisturbed");

      there.database.execute("UPDATE backfill.lease SET until = 'infinity' WHERE name ~ 'plan'");
      assertThatThrownBy(() -> there.assertDone(run, "held"))
          .hasMessageContaining("held: leases that are held");
      assertThatThrownBy(() -> there.assertRerunEndsItAll("held"))
          .hasMessageContaining("held: leases that are held for long");
      there.database.execute("UPDATE backfill.lease SET until = '-infinity'");

      there.database.execute(
          "UPDATE backfill.batch SET changed = changed - 1, run_id = gen_random_uuid()"
              + " WHERE partition = 0 AND step = 'user-flags' AND after_key = ''");
      assertThatThrownBy(() -> there.assertReported(run, "not its own"))
          .hasMessageContaining("not its own: the report's counts are the ledger's");
      assertThatThrownBy(() -> there.assertLedgerIsRight("not counted"))
          .hasMessageContaining("not counted: the ledger's rows are the tables'");

      there.database.execute(
          "DELETE FROM dojo_product_authorized_users WHERE id = (SELECT max(id) FROM dojo_product_authorized_users)");
      assertThatThrownBy(() -> there.assertDone(run, "lost")).hasMessageContaining("lost");
    }
  }
}
