package backfill.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import backfill.testing.TestingBrowser;
import backfill.testing.TestingDojo;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The page of a real run in a real browser: it says nothing on the console, it is no wider than the
 * screen, and axe finds nothing that hides it from a reader, contrast included.
 *
 * @see <a href="https://github.com/dequelabs/axe-core">axe-core</a>
 */
class PageInBrowserTest {
  private static final String PROBE =
      """
      <script>%s</script>
      <script>axe.run(document).then(found => {
        const main = document.documentElement;
        const result = {
          violations: found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html + ' ' + n.failureSummary).join(' | ')),
          passes: found.passes.map(p => p.id), undecided: found.incomplete.map(p => p.id),
          width: innerWidth, scrolls: main.scrollWidth - main.clientWidth,
          dark: matchMedia('(prefers-color-scheme: dark)').matches,
          ground: getComputedStyle(document.body).backgroundColor };
        document.body.setAttribute('data-found', encodeURIComponent(JSON.stringify(result)));
      });</script>
      </body>""";

  @TempDir private static Path directory;
  private static Optional<TestingBrowser> browser;
  private static Path page;

  @BeforeAll
  static void run() throws Exception {
    browser = TestingBrowser.found();
    assumeThat(browser).as("a Chromium on the path").isPresent();
    Path report = directory.resolve("run.html");
    try (TestingDojo there = TestingDojo.create()) {
      there
          .dojo
          .productMember("p1", "u1", "Reader")
          .productGroup("p1", "g1")
          .group("g1", "u1", "u2")
          .globalRoleUser("u1", "Owner");
      assertThat(there.run("run", "--report", report.toString()).code()).isZero();
    }
    page = directory.resolve("probed.html");
    try (InputStream axe = PageInBrowserTest.class.getResourceAsStream("/axe.min.js")) {
      String script = new String(axe.readAllBytes(), StandardCharsets.UTF_8);
      String html = Files.readString(report);
      Files.writeString(
          page,
          html.replace("</body>", PROBE.formatted(script.replace("</script", "<\\\\/script"))));
    }
  }

  @AfterAll
  static void done() {
    browser = Optional.empty();
  }

  @ParameterizedTest
  @CsvSource({"1280, 900, false", "1280, 900, true", "500, 900, false", "500, 900, true"})
  void pageCanBeReadByEveryone(int width, int height, boolean dark) throws Exception {
    String shown =
        browser.orElseThrow().shown(page, new TestingBrowser.Screen(width, height, dark));

    Matcher attribute = Pattern.compile("data-found=\"([^\"]+)\"").matcher(shown);
    assertThat(attribute.find()).as("axe has run").isTrue();
    JsonNode found =
        new ObjectMapper()
            .readTree(
                java.net.URLDecoder.decode(
                    attribute.group(1).replace("+", "%2B"), StandardCharsets.UTF_8));
    assertThat(found.path("violations")).isEmpty();
    assertThat(found.path("passes").toString()).contains("color-contrast");
    assertThat(found.path("scrolls").asInt()).isZero();
    assertThat(found.path("width").asInt()).isEqualTo(width);
    assertThat(found.path("dark").asBoolean()).isEqualTo(dark);
    assertThat(found.path("ground").asText())
        .isEqualTo(dark ? "rgb(13, 17, 23)" : "rgb(255, 255, 255)");
  }
}
