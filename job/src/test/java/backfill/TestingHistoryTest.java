package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingHistory;
import backfill.testing.TestingHistory.Event;
import backfill.testing.TestingHistory.Run;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;
import org.junit.jupiter.api.Test;

/** What the rules allow is told from what they do not, by the history of one key. */
class TestingHistoryTest {
  private static final Optional<String> NONE = Optional.empty();
  private static final Optional<String> A = Optional.of("a");
  private static final Optional<String> B = Optional.of("b");
  private static final Optional<String> P = Optional.of("p");

  /** As pairs are filled: what is there stays. */
  private static final BinaryOperator<Optional<String>> ADDED =
      (held, planned) -> held.isPresent() ? held : planned;

  /** As rows are where surplus goes. */
  private static final BinaryOperator<Optional<String>> EXACT = (held, planned) -> planned;

  /** The snapshot is taken between 100 and 110. */
  private static Run run(BinaryOperator<Optional<String>> goal) {
    return new Run(100, 110, true, goal);
  }

  private static Event event(long at, Optional<String> saw, Optional<String> left) {
    return new Event(at, at + 1, saw, left);
  }

  private static boolean allowed(
      Run run,
      Optional<String> first,
      List<Event> target,
      Optional<String> planned,
      List<Event> source,
      Optional<String> last) {
    return new TestingHistory("k", first, target, planned, source, last).problem(run).isEmpty();
  }

  @Test
  void whatIsPlannedIsWrittenUnlessAnotherWasFaster() {
    assertThat(allowed(run(ADDED), NONE, List.of(), P, List.of(), P)).isTrue();
    assertThat(allowed(run(ADDED), NONE, List.of(), P, List.of(), NONE)).as("lost").isFalse();
    assertThat(allowed(run(ADDED), A, List.of(), P, List.of(), A)).isTrue();
    assertThat(allowed(run(ADDED), A, List.of(), P, List.of(), P)).as("written over").isFalse();
    assertThat(allowed(run(ADDED), NONE, List.of(event(150, NONE, B)), P, List.of(), B)).isTrue();
    assertThat(allowed(run(ADDED), NONE, List.of(event(150, P, NONE)), P, List.of(), NONE))
        .as("taken away after us")
        .isTrue();
    assertThat(
            allowed(
                run(ADDED),
                NONE,
                List.of(event(150, P, NONE), event(160, NONE, B)),
                P,
                List.of(),
                P))
        .as("written twice")
        .isFalse();
    Run failed = new Run(100, 110, false, ADDED);
    assertThat(allowed(failed, NONE, List.of(), P, List.of(), NONE)).as("not reached").isTrue();
  }

  @Test
  void onlyWhatTheSnapshotJustifiesIsWritten() {
    assertThat(allowed(run(ADDED), NONE, List.of(), NONE, List.of(), P)).isFalse();
    List<Event> granted = List.of(event(150, NONE, P));
    assertThat(allowed(run(ADDED), NONE, List.of(), NONE, granted, P)).as("too late").isFalse();
    assertThat(allowed(run(ADDED), NONE, List.of(), NONE, granted, NONE)).isTrue();
    List<Event> revoked = List.of(event(50, P, NONE));
    assertThat(allowed(run(ADDED), NONE, List.of(), P, revoked, P)).as("revoked").isFalse();
    List<Event> meanwhile = List.of(event(105, P, NONE));
    assertThat(allowed(run(ADDED), NONE, List.of(), P, meanwhile, P)).isTrue();
    assertThat(allowed(run(ADDED), NONE, List.of(), P, meanwhile, NONE)).isTrue();
  }

  @Test
  void whatAnotherWroteSinceTheSnapshotIsNeverWrittenOver() {
    assertThat(allowed(run(EXACT), A, List.of(), P, List.of(), P)).isTrue();
    assertThat(allowed(run(EXACT), A, List.of(event(150, A, B)), P, List.of(), B)).isTrue();
    assertThat(allowed(run(EXACT), A, List.of(event(150, P, B)), P, List.of(), B)).isTrue();
    assertThat(allowed(run(EXACT), A, List.of(event(150, A, B)), P, List.of(), P))
        .as("a lost update")
        .isFalse();
    assertThat(allowed(run(EXACT), A, List.of(event(150, A, B), event(160, B, A)), P, List.of(), P))
        .as("it is again what was read")
        .isTrue();
    assertThat(allowed(run(EXACT), A, List.of(event(50, A, B)), P, List.of(), B))
        .as("left without a reason")
        .isFalse();
    assertThat(allowed(run(EXACT), A, List.of(), NONE, List.of(), NONE)).as("surplus").isTrue();
    assertThat(allowed(run(EXACT), A, List.of(event(150, A, B)), NONE, List.of(), NONE))
        .as("taken away over a change")
        .isFalse();
  }
}
