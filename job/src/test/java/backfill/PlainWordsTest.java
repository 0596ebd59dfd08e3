package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds main to words that a stranger understands at the first reading. */
class PlainWordsTest {
  private static final Pattern UNPLAIN =
      Pattern.compile(
          "\\b(whoever|somebody|nobody|likewise)\\b|for who ", Pattern.CASE_INSENSITIVE);

  /** Those that are left stand in messages that programs of others may look for. */
  private static final int MOST = 10;

  @Test
  void fewLinesSpeakOfNobodyInParticular() {
    Path main = TestingCheckout.root().resolve("job/src/main");
    List<String> found =
        TestingCheckout.files().stream()
            .filter(file -> file.startsWith(main))
            .flatMap(
                file ->
                    TestingCheckout.lines(file).stream()
                        .filter(line -> UNPLAIN.matcher(line).find())
                        .map(line -> file.getFileName() + ": " + line.strip()))
            .toList();

    assertThat(found).hasSizeLessThanOrEqualTo(MOST);
    assertThat(UNPLAIN.matcher("Likewise, for who asks").results().count()).isEqualTo(2);
  }
}
