package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingLog;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSpark;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.logging.log4j.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The numbers of the progress lines while a local run reads and writes slowly. */
class GrowingNumbersTest {
  private static final long ROWS = 1_000;

  @TempDir static Path directory;
  private static TestingDatabase database;
  private static List<TestingLog.Line> lines;

  /** One run with all that is looked at: each slow part takes some seconds. */
  @BeforeAll
  static void run() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE member (team bigint, person bigint)",
        "INSERT INTO member SELECT i % 10, i FROM generate_series(1, " + ROWS + ") i",
        "CREATE TABLE sees (team bigint, person bigint, PRIMARY KEY (team, person))",
        "CREATE TABLE seen (person bigint PRIMARY KEY)",
        """
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$
        """,
        // Only until something is written: verify reads it, too.
        """
        CREATE FUNCTION slowly() RETURNS boolean LANGUAGE plpgsql AS
          $$ BEGIN IF NOT EXISTS (SELECT FROM sees) THEN PERFORM pg_sleep(0.01); END IF; RETURN true; END $$
        """,
        "CREATE TRIGGER slow BEFORE INSERT ON sees FOR EACH STATEMENT EXECUTE FUNCTION slow()",
        "CREATE TRIGGER slow BEFORE INSERT ON seen FOR EACH STATEMENT EXECUTE FUNCTION slow()");
    Path plan =
        Files.writeString(
            directory.resolve("grows.conf"),
            """
            name = grows
            sources.member = { table = member, where = "slowly()" }
            progress-every = 400 ms
            read.fetch-rows = 100
            write { writers = 2, rows-per-batch = 100 }
            steps = [
              { name = people, kind = pairs
                direct = [{ from = member, object = team, user = person }]
                into = { table = sees, object = team, user = person } }
              { name = persons, kind = rows, mode = insert-missing
                query = "SELECT person FROM member", into = { table = seen, key = [person] } }
            ]
            """);
    TestingSpark.session();
    try (TestingLog log = new TestingLog(Level.INFO)) {
      assertThat(TestingRun.here(database.environment(), plan.toString()).code())
          .as("%s", log.texts())
          .isZero();
      lines = log.lines();
    }
  }

  @AfterAll
  static void drop() throws Exception {
    database.close();
  }

  /** What a line with this begin says of rows, in the order of the log. */
  private static List<Long> numbers(String begin) {
    Pattern number = Pattern.compile("^" + begin + ": ([\\d,]+) (of [\\d,]+ )?rows?[ ,].*");
    return lines.stream()
        .map(line -> number.matcher(line.text()))
        .filter(Matcher::matches)
        .map(line -> Long.valueOf(line.group(1).replace(",", "")))
        .toList();
  }

  private static void assertGrows(String begin) {
    assertThat(numbers(begin)).as("%s", lines).isSorted();
    assertThat(numbers(begin).stream().filter(n -> n > 0 && n < ROWS).distinct())
        .as("%s: %s", begin, lines)
        .isNotEmpty();
  }

  @Test
  void writeOfPairsGrows() {
    assertGrows("write people");
  }

  @Test
  void writeOfRowsGrows() {
    assertGrows("write persons");
  }

  @Test
  void readGrows() {
    assertGrows("read member");
  }

  /** Spark's own rows are no rows of the target, which has none. */
  @Test
  void noOtherReadHasRows() {
    assertThat(lines)
        .filteredOn(line -> line.text().matches("read public\\.\\w+: .*"))
        .allSatisfy(line -> assertThat(line.text()).doesNotContain("row"));
  }

  @Test
  void nothingOfOursIsWaitedFor() {
    assertThat(lines).noneMatch(line -> line.text().contains("(backfill "));
  }
}
