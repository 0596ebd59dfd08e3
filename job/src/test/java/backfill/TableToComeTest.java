package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Steps that fill a table which an earlier step of the same plan makes. */
class TableToComeTest {
  private static final String PLAN =
      """
      name = made
      sources { odd { table = n, where = "i % 2 = 1" }, small { table = n, where = "i < 5" } }
      steps = [
        { name = make, kind = ddl, creates = t, statement = "CREATE TABLE t (i int PRIMARY KEY)" }
        { name = first, kind = rows, mode = insert-missing, query = "SELECT i FROM odd"
          into = { table = t, key = [i] } }
        { name = second, kind = rows, mode = insert-missing, query = "SELECT i FROM small"
          into = { table = t, key = [i] } } ]
      """;

  private static final String PAIRS =
      """
      name = pairs-to-come
      sources { grants = grants, member = member }
      views { grants_view = "SELECT * FROM grants", member_view = "SELECT * FROM member" }
      steps = [
        { name = make, kind = ddl, creates = seen
          statement = "CREATE TABLE seen (o TYPE, u TYPE, PRIMARY KEY (o, u))" }
        { name = pairs, kind = pairs
          direct  = [{ from = grantsVIEW, object = o, user = u }]
          through = [{ from = grantsVIEW, object = o, group = g }]
          members = [{ from = memberVIEW, group = g, user = u }]
          into    = { table = seen, object = o, user = u } } ]
      """;

  @TempDir Path directory;

  /** The second would find what the first adds; a count without that would be wrong. */
  @Test
  void theSecondStepIsNotCountedByADryRunWhichSaysWhy() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute("CREATE TABLE n (i int)", "INSERT INTO n SELECT generate_series(1, 10)");
      String plan = Files.writeString(directory.resolve("made.conf"), PLAN).toString();

      TestingRun dry = TestingRun.of(database.environment(), "plan", plan);

      assertThat(dry.code()).as(dry.said()).isZero();
      assertThat(dry.counts("first", "planned", "alreadyPresent", "toInsert"))
          .isEqualTo(RunTest.numbers(5, 0, 5));
      assertThat(dry.step("second").path("planned").isNull()).isTrue();
      assertThat(dry.step("second").path("toInsert").isNull()).isTrue();
      assertThat(dry.report().path("warnings").toString())
          .contains(
              "step second: its rows can only be counted once it runs: t is made by step make");

      TestingRun run = TestingRun.of(database.environment(), "run", plan);

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts("second", "planned", "alreadyPresent", "inserted"))
          .isEqualTo(RunTest.numbers(4, 2, 2));
      assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(7);
    }
  }

  /** Nothing of the table is known by then but the sources' keys. */
  @ParameterizedTest
  @CsvSource({"bigint, ''", "uuid, _view", "varchar(36), ''"})
  void pairsAreCountedBeforeTheirTableIsThere(String type, String view) throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      String key = type.contains("int") ? "i" : "md5(i::text)::uuid";
      database.execute(
          "CREATE TABLE grants AS SELECT (%1$s)::%2$s AS o, (%1$s)::%2$s AS u, i %% 5 AS g FROM generate_series(1, 20) i"
              .formatted(key, type),
          "CREATE TABLE member AS SELECT i %% 3 AS g, (%s)::%s AS u FROM generate_series(10, 30) i"
              .formatted(key, type));
      String plan =
          Files.writeString(
                  directory.resolve("pairs.conf"),
                  PAIRS.replace("TYPE", type).replace("VIEW", view))
              .toString();

      TestingRun dry = TestingRun.of(database.environment(), "plan", plan);
      assertThat(dry.code()).as(dry.said()).isZero();
      TestingRun run = TestingRun.of(database.environment(), "run", plan);
      assertThat(run.code()).as(run.said()).isZero();

      assertThat(database.rows("SELECT o, u FROM seen ORDER BY 1, 2"))
          .isEqualTo(
              database.rows(
                  "SELECT o, u FROM grants UNION SELECT o, m.u FROM grants JOIN member m USING (g) ORDER BY 1, 2"));
      assertThat(dry.counts("pairs", "toInsert"))
          .isEqualTo(run.counts("pairs", "inserted"))
          .isEqualTo(List.of(database.count("SELECT count(*) FROM seen")));
      assertThat(run.counts("pairs", "missing")).isEqualTo(RunTest.numbers(0));
    }
  }

  @Test
  void keysOfPairsThatCannotBeComparedAreRefusedBeforeTheirTableIsThere() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute(
          "CREATE TABLE grants (o int, u int, g int)", "CREATE TABLE member (g int, u text)");
      String plan =
          Files.writeString(
                  directory.resolve("pairs.conf"), PAIRS.replace("TYPE", "int").replace("VIEW", ""))
              .toString();
      for (String command : new String[] {"check", "run"}) {
        TestingRun refused = TestingRun.of(database.environment(), command, plan);
        assertThat(refused.code()).as(refused.said()).isEqualTo(3);
        assertThat(refused.said())
            .contains("member.u is text, and ")
            .contains("grants.u is integer");
      }
    }
  }
}
