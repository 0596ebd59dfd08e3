package backfill.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A mistyped word of load or soak is named before a server is started. */
class LoadWordsTest {
  @ParameterizedTest
  @CsvSource({
    "load, foo, 'bench: expected defectdojo-S1, defectdojo-S2 or defectdojo-S3, got foo'",
    "load, defectdojo-S2-uuid, 'bench: expected defectdojo-S1, '",
    "load, --rate 0, bench: expected --rate above 0 and --clients of 1 to 40",
    "load, --runs 0, bench: expected --runs of at least 1",
    "load, --warm 0, bench: expected --warm of at least 1",
    "load, --way fast, bench: Invalid value for option '--way'",
    "soak, --minutes 0, bench: expected --minutes of at least 1",
    "soak, --hours 1, bench: Unknown option",
  })
  void isAMessageAndNoStackTrace(String word, String words, String message) {
    StringWriter said = new StringWriter();

    int code = LoadMain.commandLine(word).setErr(new PrintWriter(said)).execute(words.split(" "));

    assertThat(code).isEqualTo(2);
    assertThat(said.toString()).startsWith(message).hasLineCount(1);
  }
}
