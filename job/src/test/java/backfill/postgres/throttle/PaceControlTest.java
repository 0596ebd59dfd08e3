package backfill.postgres.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Settings;
import backfill.postgres.throttle.SignalReading.Level;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What the throttle decides, second by second; the time is the test's own. */
class PaceControlTest {
  private static final long SECOND = 1_000_000_000L;

  private final PaceControl control = new PaceControl(new Settings.Writers(2, 8));
  private long now = 5 * SECOND;

  private static SignalReading reading(Level level, boolean late) {
    return new SignalReading("lag", level, 7, "7 s", "10 s", true, late);
  }

  /** The next second. */
  private PaceControl.Decision next(SignalReading reading, long measured) {
    now += SECOND;
    return control.decide(
        List.of(reading), measured < 0 ? OptionalLong.empty() : OptionalLong.of(measured), now);
  }

  private PaceControl.Decision quiet(long measured) {
    return next(reading(Level.QUIET, false), measured);
  }

  @Test
  void quietServerBoundsNothing() {
    for (int second = 0; second < 100; second++) {
      PaceControl.Decision decision = quiet(-1);
      assertThat(decision.rowsPerSecond()).isEmpty();
      assertThat(decision.writers()).isEqualTo(8);
      assertThat(decision.paused()).isFalse();
    }
    assertThat(control.isBounded()).isFalse();
  }

  @Test
  void signalThatTellsLateLetsItBeginSlowlyAndDoubleUntilNothingBoundsIt() {
    assertThat(next(reading(Level.QUIET, true), -1).rowsPerSecond()).hasValue(20_000);
    assertThat(next(reading(Level.QUIET, true), 20_000).rowsPerSecond()).hasValue(40_000);
    assertThat(next(reading(Level.QUIET, true), 40_000).rowsPerSecond()).hasValue(80_000);
    for (int second = 0; second < 6; second++) {
      next(reading(Level.QUIET, true), 100_000);
    }
    assertThat(next(reading(Level.QUIET, true), 100_000).rowsPerSecond()).isEmpty();
  }

  @Test
  void signalThatIsNotQuietHalvesWhatWasMeasuredEveryTwoSecondsAndTheWritersDownToTheLeast() {
    quiet(-1);
    PaceControl.Decision first = next(reading(Level.SLOW, false), 600_000);
    assertThat(first.rowsPerSecond()).hasValue(300_000);
    assertThat(first.writers()).isEqualTo(4);
    assertThat(first.paused()).isFalse();
    assertThat(first.by().orElseThrow().words()).isEqualTo("lag 7 s (bound 10 s)");
    assertThat(next(reading(Level.SLOW, false), 500_000).rowsPerSecond()).hasValue(300_000);
    assertThat(next(reading(Level.SLOW, false), 300_000).rowsPerSecond()).hasValue(150_000);
    for (int second = 0; second < 60; second++) {
      next(reading(Level.SLOW, false), -1);
    }
    PaceControl.Decision slowest = next(reading(Level.SLOW, false), -1);
    assertThat(slowest.rowsPerSecond()).hasValue(100);
    assertThat(slowest.writers()).isEqualTo(2);
  }

  @Test
  void whatWasHalvedDoublesUpToWhereItWasTooMuchThenGrowsByATenth() {
    quiet(-1);
    next(reading(Level.SLOW, false), 80_000);
    next(reading(Level.SLOW, false), 40_000);
    assertThat(next(reading(Level.SLOW, false), 40_000).rowsPerSecond()).hasValue(20_000);
    assertThat(quiet(20_000).rowsPerSecond()).hasValue(40_000);
    assertThat(quiet(40_000).rowsPerSecond()).hasValue(44_000);
    assertThat(quiet(44_000).rowsPerSecond()).hasValue(48_400);
    assertThat(quiet(48_000).writers()).isGreaterThan(4);
  }

  @Test
  void pauseEndsWithItsSignalAndHalvesOnce() {
    quiet(-1);
    PaceControl.Decision paused = next(reading(Level.PAUSE, false), 80_000);
    assertThat(paused.paused()).isTrue();
    for (int second = 0; second < 30; second++) {
      assertThat(next(reading(Level.PAUSE, false), 0).paused()).isTrue();
    }
    PaceControl.Decision after = quiet(-1);
    assertThat(after.paused()).isFalse();
    assertThat(after.rowsPerSecond().orElseThrow()).isBetween(40_000L, 44_000L);
  }

  @Test
  void ofSeveralSignalsTheWorstDecides() {
    now += SECOND;
    PaceControl.Decision decision =
        control.decide(
            List.of(
                reading(Level.SLOW, false),
                new SignalReading(
                    "queue", Level.PAUSE, 99, "99 segments", "64 segments", true, true),
                reading(Level.QUIET, false)),
            OptionalLong.empty(),
            now);
    assertThat(decision.paused()).isTrue();
    assertThat(decision.by().orElseThrow().name()).isEqualTo("queue");
    assertThat(decision.rowsPerSecond()).hasValue(10_000);
  }

  @Test
  void writersThatAreAtWorkLeaveTheirTurnFromTheLastOn() {
    ActiveWriters writers = new ActiveWriters();
    for (int writer = 0; writer < 4; writer++) {
      writers.begun(writer);
    }
    assertThat(writers.held(4)).isZero();
    assertThat(writers.held(1)).isEqualTo(0b1110);
    writers.begun(0);
    writers.ended(0);
    assertThat(writers.held(2)).isEqualTo(0b1100);
    writers.ended(0);
    assertThat(writers.count()).isEqualTo(3);
    assertThat(writers.held(1)).isEqualTo(0b1100);
  }
}
