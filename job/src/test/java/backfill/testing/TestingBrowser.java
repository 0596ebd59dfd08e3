package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A Chromium without a screen, where this machine has one. */
public final class TestingBrowser {
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

  /** Only a browser that hangs takes so long. */
  private static final long PATIENCE_SECONDS = 180;

  private final Path program;

  private TestingBrowser(Path program) {
    this.program = program;
  }

  /** The first on the path. */
  public static Optional<TestingBrowser> found() {
    return NAMES.stream()
        .flatMap(
            name ->
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                    .map(directory -> Path.of(directory, name)))
        .filter(Files::isExecutable)
        .findFirst()
        .map(TestingBrowser::new);
  }

  /** What a page is shown as. */
  public record Screen(int width, int height, boolean dark) {}

  /**
   * The page's elements once its scripts have run, as HTML. Fails where the page wrote an error to
   * the console.
   */
  public String shown(Path page, Screen screen) throws IOException, InterruptedException {
    Path profile = Files.createTempDirectory("backfill-browser");
    Path out = Files.createTempFile("backfill-browser", ".html");
    Path err = Files.createTempFile("backfill-browser", ".err");
    Process process =
        new ProcessBuilder(
                program.toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--hide-scrollbars",
                "--enable-logging=stderr",
                "--user-data-dir=" + profile,
                "--window-size=" + screen.width() + "," + screen.height(),
                "--blink-settings=preferredColorScheme=" + (screen.dark() ? 0 : 1),
                "--virtual-time-budget=20000",
                "--dump-dom",
                page.toUri().toString())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("the browser hangs: " + Files.readString(err));
    }
    Matcher said = Pattern.compile("(?m)^.*:CONSOLE[:(].*$").matcher(Files.readString(err));
    assertThat(said.results().map(each -> each.group()).toList()).as("console").isEmpty();
    return Files.readString(out);
  }
}
