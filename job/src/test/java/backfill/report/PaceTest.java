package backfill.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a growing count lets one say of its end, where writers commit batches of any duration. */
class PaceTest {
  private static final double SECOND = 1e9;
  private static final double HEARTBEAT = 2;
  private static final int DRAWS = 400;

  /** One batch, and when it is committed, in seconds. */
  private record Commit(double at, long rows) {}

  /** Writers that begin together after a while, and commit batches of about one duration. */
  private static List<Commit> commits(Random random) {
    int writers = 1 + random.nextInt(4);
    long rows = List.of(500L, 5_000L, 40_000L).get(random.nextInt(3));
    double duration = List.of(0.05, 0.4, 1.0, 3.0).get(random.nextInt(4));
    double begin = List.of(0.2, 2.0, 30.0).get(random.nextInt(3));
    int batches = 20 + random.nextInt(100);
    List<Commit> commits = new ArrayList<>();
    for (int writer = 0; writer < writers; writer++) {
      double at = begin;
      for (int batch = 0; batch < batches; batch++) {
        at += duration * (0.8 + 0.4 * random.nextDouble());
        commits.add(new Commit(at, rows));
      }
    }
    return commits;
  }

  @Test
  void timeLeftIsRightWithinAFactorOfTwo() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    int said = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
      List<Commit> commits = commits(random);
      double end = commits.stream().mapToDouble(Commit::at).max().orElseThrow();
      Pace pace = new Pace(commits.stream().mapToLong(Commit::rows).sum(), 0);
      double phase = HEARTBEAT * random.nextDouble();
      for (double now = 0; now < end; now += 0.2) {
        double heard = HEARTBEAT * Math.floor((now - phase) / HEARTBEAT) + phase;
        pace.mark(
            commits.stream().filter(c -> c.at() <= heard).mapToLong(Commit::rows).sum(),
            nanos(now));
        var left = pace.secondsLeft(nanos(now));
        if (left.isPresent()) {
          said++;
          // The seconds of a heartbeat and of a batch cannot be known.
          assertThat((double) left.getAsLong())
              .as("seed %d, draw %d, at %.1f s of %.1f s", seed, draw, now, end)
              .isBetween((end - now) / 2 - 5, 2 * (end - now) + 5);
        }
      }
    }
    assertThat(said).isGreaterThan(100 * DRAWS);
  }

  private static long nanos(double seconds) {
    return (long) (seconds * SECOND);
  }

  @Test
  void whatCameBeforeTheFirstRowsDoesNotCount() {
    Pace pace = new Pace(1_000, 0);
    for (int second = 60; second <= 65; second++) {
      pace.mark(100L * (second - 59), nanos(second));
    }

    assertThat(pace.secondsLeft(nanos(65))).hasValue(4);
    assertThat(pace.rowsPerSecond(nanos(65))).hasValue(100);
  }

  @Test
  void whatStandsStillBecomesSlower() {
    Pace pace = new Pace(1_000, 0);
    for (int second = 1; second <= 5; second++) {
      pace.mark(100L * second, nanos(second));
    }

    assertThat(pace.secondsLeft(nanos(5)).getAsLong()).isEqualTo(5);
    assertThat(pace.secondsLeft(nanos(60)).getAsLong()).isGreaterThan(60);
  }

  @Test
  void ofOneBatchNothingIsSaid() {
    Pace pace = new Pace(1_000, 0);
    assertThat(pace.rowsPerSecond(nanos(9))).isEmpty();
    pace.mark(100, nanos(10));

    assertThat(pace.secondsLeft(nanos(11))).isEmpty();
    assertThat(pace.rowsPerSecond(nanos(10))).hasValue(10);
  }
}
