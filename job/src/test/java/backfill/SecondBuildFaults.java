package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import backfill.testing.TestingOutcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar, built once more: in another directory, at another time, in another zone and language. It
 * takes a minute. Part of {@code mvn verify -Pfaults}, not of {@code mvn verify}.
 */
class SecondBuildFaults {
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  @TempDir Path directory;

  @Test
  void twoBuildsAreEqualByteForByte() throws Exception {
    for (Path file : TestingCheckout.files()) {
      Path copy = directory.resolve(TestingCheckout.root().relativize(file).toString());
      Files.createDirectories(copy.getParent());
      Files.copy(file, copy);
    }
    ProcessBuilder maven =
        new ProcessBuilder(
                List.of(
                    "mvn",
                    "-B",
                    "-ntp",
                    "-q",
                    "-o",
                    "-Duser.timezone=Asia/Tokyo",
                    "-Duser.language=tr",
                    "-Duser.name=another",
                    "-Dmaven.test.skip=true",
                    "-Dcyclonedx.skip=true",
                    "package"))
            .directory(directory.toFile());

    TestingOutcome built = TestingOutcome.of(PATIENCE, maven);

    assertThat(built.code()).as(built.said()).isZero();
    assertThat(
            Files.mismatch(
                TestingCheckout.root().resolve("job/target/backfill.jar"),
                directory.resolve("job/target/backfill.jar")))
        .as("the first byte that differs; of the same bytes -1")
        .isEqualTo(-1);
  }
}
