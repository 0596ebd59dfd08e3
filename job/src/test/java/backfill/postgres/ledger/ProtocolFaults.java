package backfill.postgres.ledger;

import backfill.testing.TestingModel.Scene;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The protocol in larger scenes than there is time for in every build. */
class ProtocolFaults {
  @Test
  void holdsInEveryOrderOfItsSteps() {
    ProtocolTest.assertHold(
        List.of(
            new Scene(
                "attempts-taken-over",
                false,
                "Runs = {r1, r2}",
                "Attempts = {a1, a2}",
                "Single = {r2}",
                "Rows = 2",
                "Cuts = {1, 2}",
                "Stops = FALSE",
                "Ends = TRUE",
                "Deaths = FALSE"),
            new Scene(
                "three-runs",
                false,
                "Runs = {r1, r2, r3}",
                "Attempts = {a1}",
                "Single = {}",
                "Rows = 2",
                "Cuts = {1}",
                "Stops = FALSE",
                "Ends = TRUE",
                "Deaths = FALSE"),
            new Scene(
                "three-killed",
                true,
                "Runs = {r1, r2, r3}",
                "Attempts = {a1}",
                "Single = {}",
                "Rows = 1",
                "Cuts = {1}",
                "Stops = FALSE",
                "Ends = FALSE",
                "Deaths = TRUE")));
  }
}
