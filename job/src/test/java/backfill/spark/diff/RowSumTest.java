package backfill.spark.diff;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.server.RowEvent;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The checksum of a diff is what its help page says, however a row's values come to it. */
class RowSumTest {
  private static final DiffShape SHAPE =
      new DiffShape("s", "t", List.of("o", "u"), List.of(), List.of(), List.of(), Set.of());

  private static String sum(BiConsumer<RowSum, Long> row, long... values) {
    RowSum sum = new RowSum();
    LongStream.of(values).forEach(value -> row.accept(sum, value));
    return sum.sum().checksum();
  }

  private static void wholeRow(RowSum sum, long value) {
    String text = String.valueOf(value);
    sum.add(SHAPE, new RowChange(RowEvent.INSERT, new String[] {text, text}, null, null, null));
  }

  private static void inNumbers(RowSum sum, long value) {
    sum.begin(RowEvent.INSERT);
    sum.value(value);
    int place = sum.place();
    sum.value("in its place");
    sum.back(place);
    sum.value(value);
    sum.end();
  }

  @Test
  void integerIsItsText() {
    for (long power = 1; power > 0 && power < Long.MAX_VALUE / 10; power *= 10) {
      long[] values = {power - 1, power, power + 1, 1 - power, -power, -power - 1};
      assertThat(sum(RowSumTest::inNumbers, values)).isEqualTo(sum(RowSumTest::wholeRow, values));
    }
    long[] any =
        LongStream.concat(
                LongStream.of(Long.MIN_VALUE, Long.MAX_VALUE, Integer.MIN_VALUE),
                new Random(7).longs(1_000))
            .toArray();
    assertThat(sum(RowSumTest::inNumbers, any)).isEqualTo(sum(RowSumTest::wholeRow, any));
  }

  @Test
  void rowsAreAddedUpByTheFirstHalvesOfTheirDigests() throws Exception {
    BigInteger expected = BigInteger.ZERO;
    for (long value = -500; value < 500; value++) {
      byte[] text = String.valueOf(value).getBytes("UTF-8");
      ByteBuffer row = ByteBuffer.allocate(9 + 2 * text.length);
      row.put((byte) 'I').putInt(text.length).put(text).putInt(text.length).put(text);
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(row.array());
      expected =
          expected
              .add(new BigInteger(HexFormat.of().formatHex(digest, 0, 16), 16))
              .mod(BigInteger.TWO.pow(128));
    }

    assertThat(sum(RowSumTest::inNumbers, LongStream.range(-500, 500).toArray()))
        .isEqualTo("%032x".formatted(expected));
  }
}
