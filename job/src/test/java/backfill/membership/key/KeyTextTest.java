package backfill.membership.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyTextTest {
  private static final String UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";

  /** The manual's own examples. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        UUID,
        "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
        "a0eebc999c0b4ef8bb6d6bb9bd380a11",
        "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
        "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}"
      })
  void everyFormOfAUuidIsTheSameKey(String text) {
    assertThat(KeyText.ofUuid(KeyText.uuidBytes(text).orElseThrow())).isEqualTo(UUID);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "-",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g",
        "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11",
        "a0-eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-",
        "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
      })
  void anotherTextIsNone(String text) {
    assertThat(KeyText.uuidBytes(text)).isEmpty();
  }

  @Test
  void aTextIsItsUtf8() {
    String text = "é\u0000\uD83D\uDE00";
    assertThat(KeyText.ofUtf8(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(text);
  }

  @Test
  void whatIsNoUtf8IsNotReplaced() {
    byte[] latin = {'a', (byte) 0xE9};
    assertThatThrownBy(() -> KeyText.ofUtf8(latin))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no UTF-8: 61e9");
    DistinctKeys keys = new DistinctKeys();
    for (String good : List.of("", "a\u00e9", "\uD83D\uDE00".repeat(100))) {
      byte[] bytes = good.getBytes(StandardCharsets.UTF_8);
      keys.add(bytes, 0, bytes.length);
    }
    assertThat(KeyText.firstThatIsNoUtf8(keys.list())).isEmpty();
    keys.add(latin, 0, latin.length);
    // Together these are an é again.
    keys.add(new byte[] {(byte) 0xA9}, 0, 1);
    assertThat(KeyText.firstThatIsNoUtf8(keys.list())).contains("61e9");
  }
}
