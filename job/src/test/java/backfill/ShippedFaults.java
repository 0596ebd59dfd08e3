package backfill;

import backfill.testing.TestingFault;
import backfill.testing.TestingFaultCases;
import backfill.testing.TestingFaultedPlan;
import org.junit.jupiter.api.Test;

/**
 * Every fault happens to a run of every shipped plan, {@code -Dfaults.rounds} times (2), at moments
 * that {@code -Dfaults.seed} decides, or {@code -Dfaults.only=PLAN/FAULT/NUMBER} alone. Part of
 * {@code mvn verify -Pfaults}, not of {@code mvn verify}.
 */
class ShippedFaults {
  @Test
  void everyPlanComesToItsEndAfterEveryFault() throws Exception {
    TestingFaultCases.all(TestingFaultedPlan.values(), TestingFault.values()).run();
  }
}
