package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Holds every file to what must be true on any machine, and the README to lengths that people read.
 */
class RepositoryTest {
  private static final int README_LINES = 200;
  private static final int README_LINE = 120;

  /** Where packages and images come from is each site's own matter: mirrors are set outside. */
  private static final Pattern REGISTRY =
      Pattern.compile(
          "repo1?[.](maven|spring)|repository[.]apache[.]|oss[.]sonatype|docker[.]io/|\\bghcr[.]io|\\bquay[.]io"
              + "|registry[.](npmjs|gitlab|k8s)|pypi[.]org|pythonhosted[.]org|jfrog[.]io|[.]gcr[.]io");

  /** A directory that only one machine has. */
  private static final Pattern MACHINE_PATH =
      Pattern.compile("(?<![\\w.:/{}-])/(home|Users|root|work)/[\\w.]|\\b[A-Z]:\\\\Users\\\\");

  @Test
  void noFileNamesARegistryOrAMachine() {
    List<String> found = new ArrayList<>();
    for (Path file : TestingCheckout.files()) {
      List<String> lines = TestingCheckout.lines(file);
      for (int i = 0; i < lines.size(); i++) {
        if (isBoundToAPlace(lines.get(i))) {
          found.add(
              TestingCheckout.root().relativize(file)
                  + ":"
                  + (i + 1)
                  + ": "
                  + lines.get(i).strip());
        }
      }
    }

    assertThat(found).isEmpty();
  }

  @Test
  void filesAreFound() {
    assertThat(TestingCheckout.files())
        .contains(
            TestingCheckout.root().resolve("pom.xml"),
            TestingCheckout.root().resolve("job/bin/backfill"),
            TestingCheckout.root().resolve(".ci/run"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<url>https://repo1" + ".maven.org/maven2</url>",
        "FROM docker" + ".io/library/eclipse-temurin:17",
        "image: ghcr" + ".io/somebody/backfill",
        "pip install --index-url https://pypi" + ".org/simple pyspark",
        "cd /" + "home/anna/backfill",
        "path=\"/" + "root/.m2\"",
        "C:" + "\\Users\\anna",
      })
  void placeIsFound(String line) {
    assertThat(isBoundToAPlace(line)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://www.postgresql.org/docs/current/sql-copy.html",
        "https://example.com/home/page",
        "target/work/file",
        "org.testcontainers:testcontainers-postgresql",
        "$HOME/.m2/repository",
      })
  void elsewhereIsNoPlace(String line) {
    assertThat(isBoundToAPlace(line)).isFalse();
  }

  @Test
  void readmeIsShortEnoughToBeRead() {
    Path readme = TestingCheckout.root().resolve("README.md");

    assertThat(TestingCheckout.lines(readme))
        .isNotEmpty()
        .hasSizeLessThanOrEqualTo(README_LINES)
        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(README_LINE));
  }

  private static boolean isBoundToAPlace(String line) {
    Matcher registry = REGISTRY.matcher(line);
    return registry.find() || MACHINE_PATH.matcher(line).find();
  }
}
