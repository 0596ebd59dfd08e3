package backfill.postgres.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.postgres.ledger.ChangedRows.Kept;
import backfill.postgres.ledger.ChangedRows.Role;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PackedRowsTest {
  @Test
  void everyValueComesBack() {
    long[] numbers = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 127, 128, -64, -65};
    String[] texts = {
      null, "", "a", "ab", "ab", "äb\u0001", "x".repeat(100_000), null, "\uD83D\uDE00"
    };
    ChangedRows rows =
        new ChangedRows(
            List.of(
                new Kept("id", "bigint", Role.KEY, numbers),
                new Kept("old \"name\"", "text", Role.BEFORE, texts),
                new Kept("new", "numeric", Role.AFTER, texts.clone())),
            numbers.length,
            true);

    ChangedRows read = PackedRows.unpack(PackedRows.pack(rows));

    assertThat(read.size()).isEqualTo(numbers.length);
    assertThat(read.imaged()).isTrue();
    assertThat((long[]) read.columns().get(0).values()).isEqualTo(numbers);
    assertThat((String[]) read.columns().get(1).values()).isEqualTo(texts);
    assertThat(read.columns().get(1).name()).isEqualTo("old \"name\"");
    assertThat(read.columns(Role.AFTER)).hasSize(1);
    assertThat(read.bounds()).containsExactly(Long.MIN_VALUE, Long.MAX_VALUE);
    assertThat(read.columns().get(1).text(0)).isNull();
  }

  @Test
  void noRowsComeBackAsNone() {
    ChangedRows none =
        new ChangedRows(List.of(new Kept("id", "bigint", Role.KEY, new long[0])), 0, false);
    ChangedRows read = PackedRows.unpack(PackedRows.pack(none));
    assertThat(read.size()).isZero();
    assertThat(read.bounds()).isNull();
  }

  /** A batch of pairs, by object: as the job writes them. */
  @Test
  void pairsOfIntegersTakeAtMostThreeBytes() {
    Random random = new Random(5);
    long[] objects = new long[40_000];
    long[] users = new long[objects.length];
    for (int i = 0; i < objects.length; i++) {
      objects[i] = 1000 + i / 20;
      users[i] = random.nextInt(1_000_000);
    }
    for (int from = 0; from < users.length; from += 20) {
      Arrays.sort(users, from, from + 20);
    }
    ChangedRows pairs =
        new ChangedRows(
            List.of(
                new Kept("object", "integer", Role.KEY, objects),
                new Kept("user", "integer", Role.KEY, users)),
            objects.length,
            false);
    assertThat(PackedRows.pack(pairs).length).isLessThan(3 * objects.length);
  }

  @Test
  void bytesOfALaterVersionAreNamed() {
    byte[] packed =
        PackedRows.pack(
            new ChangedRows(List.of(new Kept("id", "bigint", Role.KEY, new long[] {1})), 1, false));
    packed[0] = 9;
    assertThatThrownBy(() -> PackedRows.unpack(packed))
        .hasMessageContaining("form 9")
        .hasMessageContaining("use the version that wrote them");
  }
}
