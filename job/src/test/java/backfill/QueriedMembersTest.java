package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memberships that one step flattens and another one's query asks for. */
class QueriedMembersTest {
  private static final String AS_PAIRS = "COPY (SELECT \"team\"";
  private static final String COUNTED = "SELECT team, count(*) FROM member GROUP BY team";

  @TempDir Path directory;
  private TestingDatabase database;
  private Path plan;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE granted (object int, team smallint)",
        "INSERT INTO granted VALUES (1, 1), (1, 2), (2, 2)",
        "CREATE TABLE sees (object int, person bigint, PRIMARY KEY (object, person))",
        "CREATE TABLE size (team smallint PRIMARY KEY, members bigint NOT NULL DEFAULT 0)",
        "INSERT INTO size (team) VALUES (1), (2), (3)");
    plan = directory.resolve("members.conf");
    Files.writeString(
        plan,
        """
        name = members
        sources { member = member, granted = granted }
        steps = [
          { name = people, kind = pairs
            through = [{ from = granted, object = object, group = team }]
            members = [{ from = member, group = team, user = person }]
            into = { table = sees, object = object, user = person } }
          { name = sizes, kind = rows, mode = update
            query = "SELECT team, count(*) AS members FROM member GROUP BY team"
            into = { table = size, key = [team] } }
        ]
        """);
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private void fill(String person) throws Exception {
    database.execute(
        "CREATE TABLE member (team smallint NOT NULL, person bigint " + person + ")",
        // Beyond what an int4 holds, so that a value that was cut would show.
        "INSERT INTO member SELECT 1 + i % 3, 5000000000 + i FROM generate_series(1, 100) i");
  }

  private void runs() throws Exception {
    TestingRun run = TestingRun.of(database.environment(), "run", plan.toString());

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.step("people").path("read").path("member").asLong())
        .isEqualTo(database.count("SELECT count(*) FROM member"));
    assertThat(database.rows("SELECT team, members FROM size ORDER BY team"))
        .isEqualTo(database.rows(COUNTED + " ORDER BY team"));
    assertThat(database.rows("SELECT object, person FROM sees ORDER BY 1, 2"))
        .isEqualTo(
            database.rows(
                "SELECT DISTINCT g.object, m.person FROM granted g JOIN member m USING (team)"
                    + " WHERE m.person IS NOT NULL ORDER BY 1, 2"));
  }

  private String listed() {
    TestingRun check = TestingRun.bare(database.environment(), "check", plan.toString(), "--sql");
    assertThat(check.code()).as(check.said()).isZero();
    return String.join("\n", check.out());
  }

  @Test
  void areReadOnceAsPairs() throws Exception {
    fill("NOT NULL");

    assertThat(listed()).containsOnlyOnce(AS_PAIRS);
    runs();
  }

  @Test
  void areReadAsRowsWhereAPairMayBeIncomplete() throws Exception {
    fill("");
    database.execute("INSERT INTO member VALUES (1, NULL), (3, NULL)");

    assertThat(listed()).doesNotContain(AS_PAIRS);
    runs();
  }

  /** The catalog says NOT NULL, and it is not so. */
  @Test
  void areReadAsRowsOnceAPairIsIncomplete() throws Exception {
    assumeTrue(
        database.count("SELECT current_setting('server_version_num')::bigint") >= 180_000,
        "NOT NULL constraints can be NOT VALID since PostgreSQL 18");
    fill("");
    database.execute(
        "INSERT INTO member VALUES (1, NULL), (3, NULL)",
        "ALTER TABLE member ADD CONSTRAINT named NOT NULL person NOT VALID");

    runs();
  }

  @Test
  void areReadAsRowsWhereAQueryNamesAThirdColumn() throws Exception {
    fill("NOT NULL");
    database.execute("ALTER TABLE member ADD since date DEFAULT '2020-01-01'");
    Files.writeString(
        plan,
        Files.readString(plan)
            .replace("FROM member GROUP", "FROM member WHERE since < DATE '2024-01-01' GROUP"));

    assertThat(listed()).doesNotContain(AS_PAIRS);
    runs();
  }

  @Test
  void aGroupWithoutMembersIsLeftAlone() throws Exception {
    fill("NOT NULL");
    database.execute("DELETE FROM member");

    TestingRun run = TestingRun.of(database.environment(), "run", plan.toString());

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(database.rows("SELECT team, members FROM size ORDER BY team"))
        .isEqualTo(
            List.of(
                database.rows("SELECT 1::smallint, 0::bigint").get(0),
                database.rows("SELECT 2::smallint, 0::bigint").get(0),
                database.rows("SELECT 3::smallint, 0::bigint").get(0)));
  }
}
