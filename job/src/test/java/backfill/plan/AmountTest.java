package backfill.plan;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AmountTest {

  @Test
  void wordsAgreeWithTheirNumber() {
    assertThat(Amount.of(0, "row")).isEqualTo("0 rows");
    assertThat(Amount.of(1, "row")).isEqualTo("1 row");
    assertThat(Amount.of(12_345, "pair")).isEqualTo("12,345 pairs");
    assertThat(Amount.are(1)).isEqualTo("1 is");
    assertThat(Amount.are(2)).isEqualTo("2 are");
  }
}
