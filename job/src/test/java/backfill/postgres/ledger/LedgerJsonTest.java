package backfill.postgres.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts come back from the ledger as they were, whatever is in them. */
class LedgerJsonTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "\0",
        "a\0b\0",
        "\1",
        "\0010",
        "\0011",
        "\1\0",
        "\\u0000",
        "\\\0",
        "\\\\\0",
        "\\u00010",
        "\"\\",
        "é😀\n\t"
      })
  void aTextComesBack(String text) throws Exception {
    String json = JSON.writeValueAsString(List.of(text));

    String stored = LedgerJson.stored(json);

    assertThat(JSON.readValue(LedgerJson.read(stored), String[].class)).containsExactly(text);
    assertThat(JSON.readValue(stored, String[].class)[0]).doesNotContain("\0");
  }

  @Test
  void differentTextsStayDifferent() throws Exception {
    assertThat(LedgerJson.stored(JSON.writeValueAsString("\0")))
        .isNotEqualTo(LedgerJson.stored(JSON.writeValueAsString("\0010")));
  }
}
