package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.report.Version;
import backfill.testing.TestingCheckout;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;

/**
 * Holds whatever must name the version to the parent POM, which is the one place that says it; and
 * the licences to what they are copies of.
 */
class ReleaseTest {
  private static final Pattern VERSION =
      Pattern.compile("<artifactId>backfill-parent</artifactId>\\s*<version>([^<]*)</version>");
  private static final Pattern IMAGE = Pattern.compile("registry\\.example\\.org/backfill:(\\S+)");

  private static String text(String file) throws IOException {
    return Files.readString(TestingCheckout.root().resolve(file));
  }

  private static List<String> found(Pattern pattern, String file) throws IOException {
    return pattern.matcher(text(file)).results().map(one -> one.group(1)).toList();
  }

  /** Without what Maven adds while it is worked on. */
  private static String released() {
    return Version.number().replace("-SNAPSHOT", "");
  }

  @Test
  void versionIsTheParentPoms() throws IOException {
    assertThat(found(VERSION, "pom.xml")).containsExactly(Version.number());
    assertThat(found(VERSION, "job/pom.xml")).containsExactly(Version.number());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Dockerfile", "conf/kubernetes/sparkapplication.yaml"})
  void imageHasTheVersionAsItsTag(String file) throws IOException {
    assertThat(found(IMAGE, file)).isNotEmpty().containsOnly(released());
  }

  /** Words of the commands of a Dockerfile, without comments. */
  private static List<String> commands() throws IOException {
    return text("Dockerfile").lines().filter(l -> !l.isBlank() && !l.startsWith("#")).toList();
  }

  @Test
  void imageIsTheSitesWithTheJarAloneAndItsUserIsNotRoot() throws IOException {
    assertThat(commands())
        .containsExactly(
            "ARG SPARK_IMAGE",
            "FROM ${SPARK_IMAGE}",
            "ARG SPARK_UID=185",
            "COPY job/target/backfill.jar /opt/backfill/backfill.jar",
            "USER ${SPARK_UID}");
    assertThat(text(".dockerignore").lines().filter(l -> !l.startsWith("#")))
        .as("what is sent to the engine is what is copied")
        .containsExactly("*", "!job/target/backfill.jar");
  }

  @Test
  void changelogBeginsWithTheVersion() throws IOException {
    List<String> headings = text("CHANGELOG.md").lines().filter(l -> l.startsWith("## ")).toList();

    assertThat(headings.get(0))
        .matches(
            "## "
                + Pattern.quote(released())
                + (Version.number().endsWith("-SNAPSHOT")
                    ? ", not released yet"
                    : ", \\d{4}-\\d{2}-\\d{2}"));
    assertThat(headings).doesNotHaveDuplicates();
  }

  @Test
  void noOtherFileRepeatsTheVersion() {
    Pattern version =
        Pattern.compile("(?<![\\d.=])" + Pattern.quote(released()) + "(?![\\d.]*\\d)");

    assertThat(
            TestingCheckout.files().stream()
                .filter(
                    file ->
                        TestingCheckout.lines(file).stream()
                            .anyMatch(l -> version.matcher(l).find()))
                .map(file -> TestingCheckout.root().relativize(file).toString()))
        .containsExactlyInAnyOrder(
            "CHANGELOG.md",
            "Dockerfile",
            "conf/kubernetes/sparkapplication.yaml",
            "job/pom.xml",
            "pom.xml");
  }

  @Test
  void licenceIsTheApacheOneEverywhere() throws IOException {
    assertThat(text("LICENSE"))
        .contains("Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS");
    assertThat(text("pom.xml")).contains("<name>Apache-2.0</name>");
    assertThat(resource("META-INF/LICENSE")).isEqualTo(text("LICENSE"));
  }

  @Test
  void driversLicenceIsTheDrivers() throws Exception {
    Path jar = Path.of(Driver.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (FileSystem files = FileSystems.newFileSystem(jar)) {
      assertThat(resource("META-INF/licenses/org.postgresql/postgresql/LICENSE"))
          .isEqualTo(Files.readString(files.getPath("META-INF/LICENSE")));
    }
  }

  private static String resource(String name) throws IOException {
    return Files.readString(TestingCheckout.root().resolve("job/target/classes").resolve(name));
  }
}
