package backfill.report.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Lines that are broken between words. */
class FoldedTest {

  @Test
  void whatFitsStaysAsItIs() {
    assertThat(Folded.lines("  two  words ", 20)).containsExactly("  two  words ");
    assertThat(Folded.lines("a\nb", Integer.MAX_VALUE)).containsExactly("a", "b");
  }

  @Test
  void whatGoesOnIsSetIn() {
    assertThat(Folded.lines("  one two three four", 12))
        .containsExactly("  one two", "    three", "    four");
    assertThat(Folded.line("one two three four", 7, 12, 3))
        .containsExactly("one two", "   three", "   four");
  }

  @Test
  void wordThatIsLongerStaysWhole() {
    assertThat(Folded.lines("see jdbc:postgresql://a.very.long.host/name there", 12))
        .containsExactly("see", "  jdbc:postgresql://a.very.long.host/name", "  there");
    assertThat(Folded.lines("jdbc:postgresql://host", 5)).containsExactly("jdbc:postgresql://host");
  }

  @Test
  void noWordIsLostOrBrokenWhateverTheWidth() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int draw = 0; draw < 1_000; draw++) {
      List<String> words =
          random.ints(1 + random.nextInt(30), 1, 12).mapToObj("x"::repeat).toList();
      int width = 14 + random.nextInt(60);

      List<String> folded = Folded.lines(String.join(" ", words), width);

      assertThat(folded).as("seed %d", seed).allMatch(line -> line.length() <= width);
      assertThat(folded.stream().map(String::strip).collect(Collectors.joining(" ")))
          .as("seed %d", seed)
          .isEqualTo(String.join(" ", words));
    }
  }
}
