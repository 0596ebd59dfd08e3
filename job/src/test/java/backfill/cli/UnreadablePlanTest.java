package backfill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingRun;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are no plan, and files of the environment and of options that are none. */
class UnreadablePlanTest {
  private static final Map<String, String> NOWHERE =
      Map.of("BACKFILL_URL", "jdbc:postgresql://127.0.0.1:1/none");

  private static final String ZERO = "/dev/zero";

  @TempDir private Path directory;

  private static List<String> refused(Map<String, String> environment, String... words) {
    TestingRun run = TestingRun.bare(environment, words);
    assertThat(run.code()).as(run.said()).isEqualTo(2);
    return run.err();
  }

  private Path file(byte... bytes) throws Exception {
    return Files.write(directory.resolve("plan.conf"), bytes);
  }

  @Test
  void byteThatIsNoTextIsNamedWithItsLine() throws Exception {
    Path latin = file("name = x\n# Zoë\n".getBytes(StandardCharsets.ISO_8859_1));
    String expected = ":2: the byte 0xEB is not UTF-8; save the plan as UTF-8";

    assertThat(refused(NOWHERE, "check", latin.toString())).containsExactly(latin + expected);
    assertThat(refused(NOWHERE, "check", "file://" + latin))
        .containsExactly("file://" + latin + expected);
  }

  @Test
  void textThatBreaksOffWithinACharacterIsNamed() throws Exception {
    Path cut = file((byte) '#', (byte) '\n', (byte) '\n', (byte) 0xC3);

    assertThat(refused(NOWHERE, "check", cut.toString()))
        .containsExactly(cut + ":3: the byte 0xC3 is not UTF-8; save the plan as UTF-8");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///",
        "file:/",
        "file://host/a",
        "http://127.0.0.1:1/p.conf",
        "hdfs://127.0.0.1:1/p.conf",
        "hdfs:///",
        "hdfs://a b/c",
        "s3a://",
        "viewfs:///x",
        "nosuch://x/y",
        "jar:file:/a!/b"
      })
  void placeWithoutAPlanIsNamedInWords(String place) {
    assertThat(refused(NOWHERE, "check", place))
        .hasSize(1)
        .allSatisfy(said -> assertThat(said).startsWith(place + ": ").doesNotContain("Exception"));
  }

  @Test
  void directoryIsNoPlan() {
    assertThat(refused(NOWHERE, "check", directory.toString()))
        .containsExactly(directory + ": is a directory; name the plan's file in it");
  }

  @Test
  @EnabledIf("isThereAZero")
  void fileWithoutAnEndIsRefused() {
    assertThat(refused(NOWHERE, "check", ZERO))
        .containsExactly(ZERO + ": cannot be read: it has more than 16 MiB");
    assertThat(refused(NOWHERE, "check", "file:" + ZERO))
        .containsExactly("file:" + ZERO + ": cannot be read: it has more than 16 MiB");
    assertThat(refused(NOWHERE, "page", ZERO)).hasSize(1).first().asString().contains("16 MiB");
    assertThat(refused(NOWHERE, "diff", ZERO, ZERO))
        .containsExactly(ZERO + ": is neither a file that --diff wrote nor a report");
    assertThat(refused(NOWHERE, "run", "defectdojo-authorized-users", "--approved", ZERO))
        .hasSize(1)
        .first()
        .asString()
        .contains("16 MiB");
    TestingRun status =
        TestingRun.bare(
            Map.of(
                "BACKFILL_URL",
                "jdbc:postgresql://127.0.0.1:1/none",
                "BACKFILL_PASSWORD_FILE",
                ZERO),
            "status");
    assertThat(status.code()).as(status.said()).isEqualTo(3);
    assertThat(status.said()).contains("it has more than 65536 bytes");
  }

  static boolean isThereAZero() {
    return Files.exists(Path.of(ZERO));
  }

  @Test
  void endingThatIsLeftOutIsSuggested() throws Exception {
    String plan = file().toString();
    String left = plan.substring(0, plan.length() - ".conf".length());

    assertThat(refused(NOWHERE, "check", left).get(0))
        .endsWith("; did you mean the file " + plan + "?");
  }

  @Test
  void passwordFileMustBeOne() {
    assertThat(
            refused(
                Map.of(
                    "BACKFILL_URL",
                    "jdbc:postgresql://127.0.0.1:1/none",
                    "BACKFILL_PASSWORD_FILE",
                    directory.toString()),
                "status"))
        .containsExactly(
            "BACKFILL_PASSWORD_FILE: names " + directory + ", which is a directory; name a file");
    assertThat(
            refused(
                Map.of(
                    "BACKFILL_URL",
                    "jdbc:postgresql://127.0.0.1:1/none",
                    "BACKFILL_PASSWORD_FILE",
                    "a\0b"),
                "status"))
        .containsExactly(
            "BACKFILL_PASSWORD_FILE: names a\\u0000b, which is no path: Nul character not allowed");
  }

  @Test
  void reportThatCannotBeMadeIsRefusedBeforeTheWork() throws Exception {
    String tooLong = directory.resolve("x".repeat(300)).toString();

    assertThat(refused(NOWHERE, "status", "--report", tooLong))
        .containsExactly(
            "--report: cannot write "
                + tooLong
                + "; name a file in a directory that exists and may be written: File name too long");
    assertThat(refused(NOWHERE, "status", "--report", "a\0b"))
        .containsExactly(
            "--report: cannot write a\\u0000b; name a path: Nul character not allowed");
    try (var left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void wordThatSteersATerminalIsShownEscaped() {
    assertThat(refused(NOWHERE, "check", "x", "\u001b[31mred"))
        .containsExactly(
            "backfill check does not take the word \\u001b[31mred; see backfill check --help");
  }
}
