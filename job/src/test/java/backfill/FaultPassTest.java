package backfill;

import backfill.testing.TestingFault;
import backfill.testing.TestingFaultCases;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Some faults, each to a shipped plan by chance: the short pass of {@code ShippedFaults}. Those
 * that an operator meets most are always there, and some of the others by chance. What needs a
 * cluster is in {@link StandaloneClusterTest}.
 */
class FaultPassTest {
  private static final List<TestingFault> ALWAYS =
      List.of(
          TestingFault.SESSION_ENDED,
          TestingFault.CONNECTION_CUT,
          TestingFault.COMMIT_LOST,
          TestingFault.SERVER_CRASHED,
          TestingFault.DRIVER_KILLED);

  private static final int OTHERS = 4;

  @Test
  void everyFaultLeavesWhatARerunBringsToItsEnd() throws Exception {
    TestingFaultCases.some(ALWAYS, OTHERS).run();
  }
}
