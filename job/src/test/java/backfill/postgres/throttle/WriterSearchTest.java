package backfill.postgres.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/** How many writers it lets begin, on servers whose speed the test sets; the time is its own. */
class WriterSearchTest {
  private static final long SECOND = 1_000_000_000L;

  private final List<String> said = new ArrayList<>();
  private long now = 7 * SECOND;
  private long rows;

  private static WriterSearch search(int first, int max) {
    return new WriterSearch(new Settings.Writers(1, first, max, OptionalInt.empty()));
  }

  /** So many seconds of a server that writes that many rows a second for so many writers. */
  private void seconds(int seconds, WriterSearch search, IntUnaryOperator speed) {
    for (int second = 0; second < seconds; second++) {
      now += SECOND;
      rows += speed.applyAsInt(search.writers());
      search.look(rows, now).ifPresent(said::add);
    }
  }

  @Test
  void writersFollowUntilAnotherOneMakesItNoFaster() {
    WriterSearch search = search(4, 16);

    seconds(120, search, writers -> 10_000 * Math.min(writers, 7));

    assertThat(search.writers()).isEqualTo(7);
    assertThat(search.lasts()).isFalse();
    assertThat(said)
        .containsExactly(
            "5 writers, 4 wrote 40,000 rows/s",
            "6 writers, 5 wrote 50,000 rows/s",
            "7 writers, 6 wrote 60,000 rows/s",
            "8 writers, 7 wrote 70,000 rows/s",
            "7 writers, since another one makes the write no faster: 70,000 rows/s, 70,000 without"
                + " it");
  }

  @Test
  void writersThatSlowEachOtherDownAreAsManyAsBegan() {
    WriterSearch search = search(4, 16);

    seconds(60, search, writers -> 100_000 / writers);

    assertThat(search.writers()).isEqualTo(4);
    assertThat(search.lasts()).isFalse();
  }

  @Test
  void writersThatAllAddTheirShareAreAsManyAsThereMayBe() {
    WriterSearch search = search(2, 5);

    seconds(60, search, writers -> 1_000 * writers);

    assertThat(search.writers()).isEqualTo(5);
    assertThat(said).last().isEqualTo("5 writers, as many as there may be: 5,000 rows/s");
  }

  /** The seventh adds a third of what each of the others writes. */
  @Test
  void writerThatAddsLessThanHalfOfItsShareDoesNotStay() {
    WriterSearch search = search(6, 16);

    seconds(60, search, writers -> 6_000 + (writers - 6) * 333);

    assertThat(search.writers()).isEqualTo(6);
  }

  @Test
  void whatHoldsTheWritersBackSaysNothingOfTheirNumber() {
    WriterSearch search = search(4, 16);

    for (int second = 0; second < 60; second++) {
      seconds(8, search, writers -> 1_000 * writers);
      search.disturbed();
    }

    assertThat(search.writers()).isEqualTo(4);
    assertThat(search.lasts()).isTrue();
    assertThat(said).isEmpty();
  }

  @Test
  void numberThatIsGivenIsNotLookedFor() {
    WriterSearch search = search(3, 3);

    seconds(60, search, writers -> 1_000 * writers);

    assertThat(search.writers()).isEqualTo(3);
    assertThat(search.lasts()).isFalse();
    assertThat(said).isEmpty();
  }
}
