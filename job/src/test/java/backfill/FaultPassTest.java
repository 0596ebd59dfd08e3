package backfill;

import backfill.testing.TestingFault;
import backfill.testing.TestingFaultCases;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every fault once, each to a shipped plan by chance: the short pass of {@code ShippedFaults}. What
 * needs a cluster is in {@link StandaloneClusterTest}.
 */
class FaultPassTest {
  @Test
  void everyFaultLeavesWhatARerunBringsToItsEnd() throws Exception {
    TestingFaultCases.oneOfEach(
            Stream.of(TestingFault.values())
                .filter(fault -> !fault.needsCluster())
                .toArray(TestingFault[]::new))
        .run();
  }
}
