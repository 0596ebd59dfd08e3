package backfill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a shell proposes once it has read what completion prints. */
class CompletionTest {
  @TempDir private static Path directory;
  private static Path script;

  @BeforeAll
  static void print() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    assertThat(CommandLineJob.run(Map.of(), out, System.err, "completion")).isZero();
    script = Files.write(directory.resolve("completion.sh"), bytes.toByteArray());
  }

  @ParameterizedTest
  @CsvSource({
    "backfill ver, verify",
    "backfill run --appr, --approved --approved-by --approved-diff",
    "backfill undo --exec, --execute"
  })
  void shellCompletesCommandsAndOptions(String typed, String proposed) throws Exception {
    String[] words = typed.split(" ");
    Process shell =
        new ProcessBuilder(
                "bash",
                "-c",
                "source %s; COMP_WORDS=(%s); COMP_CWORD=%d; COMP_LINE='%2$s'; _complete_backfill; echo \"${COMPREPLY[*]}\""
                    .formatted(script, typed, words.length - 1))
            // Outside of a completion bash says that it has no options of one.
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String answer = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(shell.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(List.of(answer.strip().split("\\s+")))
        .containsExactlyInAnyOrder(proposed.split(" "));
  }
}
