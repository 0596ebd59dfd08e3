package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingPython;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.images.builder.ImageFromDockerfile;

/**
 * The image of {@code Dockerfile}, made on the server's image, which is at hand, where an engine
 * answers.
 */
class ImageIT {
  @Test
  void imageHasTheJarAndIsNotRootsAndKeepsItsEntrypoint() throws Exception {
    if (!TestingPostgres.engineAnswers()) {
      TestingPython.skip("no Docker engine answers; Dockerfile is read, not built");
    }
    Path jar = TestingCheckout.root().resolve("job/target/backfill.jar");
    ImageFromDockerfile image =
        new ImageFromDockerfile()
            .withFileFromPath("Dockerfile", TestingCheckout.root().resolve("Dockerfile"))
            .withFileFromPath("job/target/backfill.jar", jar)
            .withBuildArg("SPARK_IMAGE", TestingPostgres.IMAGE);
    try (GenericContainer<?> container =
        new GenericContainer<>(image)
            .withCreateContainerCmdModifier(command -> command.withEntrypoint("sleep", "600"))) {
      container.start();

      assertThat(container.execInContainer("id", "-u").getStdout().strip()).isEqualTo("185");
      assertThat(container.execInContainer("sha256sum", "/opt/backfill/backfill.jar").getStdout())
          .startsWith(
              HexFormat.of()
                  .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jar))));
    }
  }
}
