package backfill.postgres.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import backfill.testing.TestingModel;
import backfill.testing.TestingModel.Check;
import backfill.testing.TestingModel.Outcome;
import backfill.testing.TestingModel.Scene;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Lease, batches and takeover hold in every order of their steps, as far as the scenes go; and each
 * thing that the product does for that is needed: without it the checker finds what goes wrong.
 */
class ProtocolTest {
  private static final String TWO_RUNS = "Runs = {r1, r2}";
  private static final String ONE_ATTEMPT = "Attempts = {a1}";
  private static final String TWO_ATTEMPTS = "Attempts = {a1, a2}";

  /** One run takes over from another, which writes on. */
  static final Scene TAKEOVER =
      new Scene(
          "takeover",
          false,
          TWO_RUNS,
          ONE_ATTEMPT,
          "Single = {}",
          "Rows = 2",
          "Cuts = {1}",
          "Stops = FALSE",
          "Ends = TRUE",
          "Deaths = FALSE");

  /** Two attempts of a task cut their batches as they like, and the run ends before they do. */
  static final Scene ATTEMPTS =
      new Scene(
          "attempts",
          false,
          "Runs = {r1}",
          TWO_ATTEMPTS,
          "Single = {}",
          "Rows = 2",
          "Cuts = {1, 2}",
          "Stops = TRUE",
          "Ends = TRUE",
          "Deaths = FALSE");

  /** Two runs end at any moment. */
  static final Scene STOPS =
      new Scene(
          "stops",
          false,
          TWO_RUNS,
          ONE_ATTEMPT,
          "Single = {}",
          "Rows = 1",
          "Cuts = {1}",
          "Stops = TRUE",
          "Ends = TRUE",
          "Deaths = FALSE");

  /** A run of two attempts is taken over. */
  static final Scene BOTH =
      new Scene(
          "both",
          false,
          TWO_RUNS,
          TWO_ATTEMPTS,
          "Single = {r2}",
          "Rows = 1",
          "Cuts = {1}",
          "Stops = FALSE",
          "Ends = TRUE",
          "Deaths = FALSE");

  /** A driver is killed, and the same command is given again. */
  static final Scene KILLED =
      new Scene(
          "killed",
          true,
          TWO_RUNS,
          ONE_ATTEMPT,
          "Single = {}",
          "Rows = 2",
          "Cuts = {1}",
          "Stops = FALSE",
          "Ends = FALSE",
          "Deaths = TRUE");

  private static final Pattern NAMED = Pattern.compile("\\\\\\*.*?\\b([A-Z]\\w+)\\.([a-z]\\w+)");

  static void assertHold(List<Scene> scenes) {
    List<Outcome> outcomes = TestingModel.outcomes(scenes.stream().map(Check::new).toList());
    for (int i = 0; i < scenes.size(); i++) {
      assertThat(outcomes.get(i).violated())
          .as(scenes.get(i).name() + ": " + outcomes.get(i).output())
          .isEmpty();
    }
  }

  @Test
  void holdsInEveryOrderOfItsSteps() {
    assertHold(List.of(TAKEOVER, ATTEMPTS, STOPS, BOTH, KILLED));
  }

  @Test
  void nothingOfItCanBeLeftOut() {
    Map<Check, String> broken = new LinkedHashMap<>();
    broken.put(new Check(TAKEOVER, "ChecksEpoch"), "OldEpochsAreOver");
    broken.put(new Check(TAKEOVER, "SharesLock"), "OldEpochsAreOver");
    broken.put(new Check(ATTEMPTS, "KeepsKeys"), "EachRangeOnce");
    broken.put(new Check(TAKEOVER, "SeesCommitted"), "OldEpochsAreOver");
    broken.put(new Check(ATTEMPTS, "AsksHowFar"), "DoneIsDone");
    broken.put(new Check(ATTEMPTS, "Seals"), "ReportsStayTrue");
    broken.put(new Check(KILLED, "Expires"), "temporal");
    broken.put(new Check(TAKEOVER, "AwaitsRenewal"), "NoLeaseIsLeft");

    List<Outcome> outcomes = TestingModel.outcomes(List.copyOf(broken.keySet()));

    List<Check> checks = List.copyOf(broken.keySet());
    assertThat(
            IntStream.range(0, checks.size())
                .boxed()
                .collect(
                    Collectors.toMap(
                        i -> checks.get(i).without()[0], i -> outcomes.get(i).violated())))
        .isEqualTo(
            broken.entrySet().stream()
                .collect(
                    Collectors.toMap(entry -> entry.getKey().without()[0], Map.Entry::getValue)))
        .containsOnlyKeys(TestingModel.GUARDS);
  }

  /** The model's comments name the code that a step stands for: it is there. */
  @Test
  void stepsNameCodeThatThereIs() {
    List<String> missing = new ArrayList<>();
    List<String> lines =
        TestingCheckout.lines(TestingCheckout.root().resolve("job/src/test/model/Protocol.tla"));
    int named = 0;
    for (String line : lines) {
      Matcher name = NAMED.matcher(line);
      if (name.find()) {
        named++;
        String code =
            TestingCheckout.files().stream()
                .filter(file -> file.endsWith(name.group(1) + ".java"))
                .map(file -> String.join("\n", TestingCheckout.lines(file)))
                .findFirst()
                .orElse("");
        if (!code.contains(" " + name.group(2) + "(")) {
          missing.add(line);
        }
      }
    }
    assertThat(missing).isEmpty();
    assertThat(named).isGreaterThan(15);
  }
}
