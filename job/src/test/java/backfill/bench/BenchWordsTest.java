package backfill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A person who mistypes a word of bench is told so, before a server is asked for anything. */
class BenchWordsTest {
  @ParameterizedTest
  @CsvSource({
    "foo, bench: there is no case foo; there are ",
    "defectdojo-S1 --way fast, bench: defectdojo-S1 has no fast; it has ",
    "flatten-S3 --way fast, bench: flatten-S3 has no --way",
    "defectdojo-S1 --runs 0, bench: expected --scale above 0 and --runs of at least 1",
    "--run 1, bench: Unknown option",
  })
  void isAMessageAndNoStackTrace(String words, String message) {
    StringWriter said = new StringWriter();

    int code = Bench.commandLine().setErr(new PrintWriter(said)).execute(words.split(" "));

    assertThat(code).isEqualTo(2);
    assertThat(said.toString()).startsWith(message).hasLineCount(1);
  }
}
