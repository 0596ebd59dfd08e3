package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.server.Inquiry;
import backfill.testing.TestingGrants;
import backfill.testing.TestingRole;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** How many connections write where that is left to the server. */
class WriterCountTest {

  @Test
  void countIsTheServersCoresAndAtMostHalfOfItsFreeConnections() {
    assertThat(chosen(6, 100, 16)).isEqualTo(6);
    assertThat(chosen(64, 100, 16)).isEqualTo(16);
    assertThat(chosen(64, 10, 16)).isEqualTo(5);
    assertThat(chosen(1, 100, 16)).isEqualTo(2);
    assertThat(chosen(8, 1, 16)).isEqualTo(2);
    assertThat(most(new WriterCount(OptionalInt.empty(), 100), 16)).isEqualTo(4);
  }

  private static int chosen(int cores, int free, int atMost) {
    return most(new WriterCount(OptionalInt.of(cores), free), atMost);
  }

  private static int most(WriterCount count, int atMost) {
    String sentence = count.sentence(atMost);
    return Integer.parseInt(
        sentence.replaceFirst(".*auto: (\\d+) writers?\\b.*, because .*", "$1"));
  }

  /** The oracle is this machine's own count: the tests' server runs on it. */
  @Test
  void checkSaysHowManyAndWhyAndTheWriteHasSoMany() throws Exception {
    try (TestingGrants there = TestingGrants.of(3, 3)) {
      String plan = there.plan("chosen");
      TestingRun check =
          TestingRun.of(there.database.environment(), "check", plan, "--set", "write.writers=auto");
      assertThat(check.code()).as(check.said()).isZero();
      Path online = Path.of("/sys/devices/system/cpu/online");
      int cores = Runtime.getRuntime().availableProcessors();
      if (Files.exists(online)) {
        assertThat(check.said())
            .containsPattern(
                "preflight: write.writers = auto: %d writers, because the server has %d cores?, \\d+ connections are free, and write.writers.auto is 16"
                    .formatted(Math.max(2, Math.min(16, cores)), cores));
      }
      TestingRun listed =
          TestingRun.of(
              there.database.environment(), "check", plan, "--sql", "--set", "write.writers=auto");
      Matcher writers =
          Pattern.compile("write.writers = auto: (\\d+) writers").matcher(listed.said());
      assertThat(writers.find()).as(listed.said()).isTrue();
      assertThat(String.join("\n", listed.out()))
          .containsPattern("write .*, over %s connections".formatted(writers.group(1)));
      TestingRun run =
          TestingRun.of(there.database.environment(), "run", plan, "--set", "write.writers=auto");
      assertThat(run.code()).as(run.said()).isZero();
      assertThat(there.database.count("SELECT count(*) FROM access")).isEqualTo(9);
    }
  }

  @Test
  void roleThatTheServerDoesNotTellGetsFour() throws Exception {
    try (TestingGrants there = TestingGrants.of(1, 1);
        TestingRole role = TestingRole.plain(there.database)) {
      Map<String, String> environment = role.environment();
      try (Inquiry inquiry =
          new Inquiry(
              DriverManager.getConnection(
                  environment.get("BACKFILL_URL"), role.name, role.password),
              Duration.ofSeconds(5),
              Duration.ZERO)) {
        WriterCount count = WriterCount.ask(inquiry);
        assertThat(count.cores()).isEmpty();
        assertThat(count.free()).isPositive();
        assertThat(count.sentence(16))
            .contains(
                "4 writers to begin with, and up to 16 as long as each makes the write faster,"
                    + " because the server does not tell this role its cores, ");
      }
    }
  }
}
