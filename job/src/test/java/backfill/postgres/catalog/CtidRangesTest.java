package backfill.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.server.TableName;
import java.util.List;
import org.junit.jupiter.api.Test;

class CtidRangesTest {

  @Test
  void aTableIsSplitAmongItsReadersAndTheLastRangeIsOpen() {
    assertThat(CtidRanges.of(table(1000, true), 3))
        .containsExactly(
            "ctid >= '(0,0)' AND ctid < '(333,0)'",
            "ctid >= '(333,0)' AND ctid < '(666,0)'",
            "ctid >= '(666,0)'");
  }

  @Test
  void aSmallTableHasFewerRangesThanThereAreReaders() {
    assertThat(CtidRanges.of(table(0, true), 4)).containsExactly("ctid >= '(0,0)'");
    assertThat(CtidRanges.of(table(511, true), 4)).hasSize(1);
    assertThat(CtidRanges.of(table(512, true), 4)).hasSize(2);
  }

  @Test
  void withoutARightToItThereIsNoRange() {
    assertThat(CtidRanges.of(table(1_000_000, false), 4)).containsExactly("TRUE");
  }

  private static Table table(long blocks, boolean ctidReadable) {
    return new Table(
        1,
        new TableName("public", "t"),
        'r',
        List.of(),
        List.of(),
        new Table.Reading(blocks, ctidReadable, ctidReadable),
        List.of());
  }
}
