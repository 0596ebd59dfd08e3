package backfill.membership.key;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Keys as a bounded text stores them. */
class KeyListTest {
  private static KeyList list(String... keys) {
    byte[] bytes = String.join("", keys).getBytes(StandardCharsets.UTF_8);
    int[] ends = new int[keys.length];
    int end = 0;
    for (int i = 0; i < keys.length; i++) {
      end += keys[i].getBytes(StandardCharsets.UTF_8).length;
      ends[i] = end;
    }
    return new KeyList(bytes, ends);
  }

  private static String[] texts(KeyList list) {
    return IntStream.range(0, list.size())
        .mapToObj(place -> new String(list.key(place), StandardCharsets.UTF_8))
        .toArray(String[]::new);
  }

  @Test
  void blanksBeyondTheLengthGoAndNothingElse() {
    assertThat(
            texts(list("DE   ", "FR", "", "abc", "abcd", "ab d", "   ", "    ", "é😀ü  ").cutTo(3)))
        .containsExactly("DE ", "FR", "", "abc", "abcd", "ab d", "   ", "   ", "é😀ü");
  }

  @Test
  void keysThatFitStayTheSameList() {
    KeyList fits = list("a", "éüö", "   ");
    assertThat(fits.cutTo(3)).isSameAs(fits);
  }
}
