package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * With {@code --redact} nothing that {@code --report} writes names a row, whichever command it is
 * of: here every key, every value and every parameter has a mark that nothing else has.
 */
class RedactedReportTest {
  private static final String MARK = "zq-";
  private static final String PLAN =
      """
      name = redacted
      params { who = zq-parameter }
      limits { rejected-rows = 100 }
      sources { owners = owner, grants = granted, members = member, edges = edge, people = person }
      steps = [
        { name = sees, kind = pairs
          direct  = [{ from = owners, object = [tenant, o], user = [home, u] }]
          through = [{ from = grants, object = [tenant, o], group = [home, g] }]
          members = [{ from = members, group = [tenant, g], user = [tenant, u] }]
          nested  = [{ from = edges, parent = [tenant, p], child = [tenant, c] }]
          into = { table = sees, object = [tenant, o], user = [tenant, u] }
          owns = "o <> :who" }
        { name = people, kind = rows, mode = upsert
          query = "SELECT u, name, years FROM people", into = { table = contact, key = [u] } }
      ]
      """;

  @TempDir Path directory;

  @Test
  void noTargetOfAnyCommandNamesARow() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute(
          """
          CREATE TABLE owner (tenant text, home text, o text, u text);
          CREATE TABLE granted (tenant text, home text, o text, g text);
          CREATE TABLE member (tenant text, g text, u text);
          CREATE TABLE edge (tenant text, p text, c text);
          CREATE TABLE sees (tenant text, o text, u text, PRIMARY KEY (tenant, o, u));
          CREATE TABLE person (u text PRIMARY KEY, name text, years text);
          CREATE TABLE contact (u text PRIMARY KEY, name text CHECK (name <> 'zq-bad'), years int);
          INSERT INTO owner VALUES ('zq-t', 'zq-t', 'zq-o1', 'zq-u1'), ('zq-t', 'zq-s', 'zq-o1', 'zq-u1'),
            ('zq-t', 'zq-t', 'zq-o2', 'zq-u1'), ('zq-t', 'zq-t', 'zq-o2', 'zq-u9');
          INSERT INTO granted VALUES ('zq-t', 'zq-t', 'zq-o1', 'zq-g1');
          INSERT INTO member VALUES ('zq-t', 'zq-g2', 'zq-u2'), ('zq-t', 'zq-g1', 'zq-u3');
          INSERT INTO edge VALUES ('zq-t', 'zq-g1', 'zq-g2'), ('zq-t', 'zq-g2', 'zq-g1');
          INSERT INTO person VALUES ('zq-p1', 'zq-n1', '1'), ('zq-p2', 'zq-n2', '2'), ('zq-p3', 'zq-bad', '3'),
            ('zq-p4', 'zq-n4', 'zq-years'), ('zq-p5', 'zq-n5', '5');
          INSERT INTO contact VALUES ('zq-p1', 'zq-old', 1);
          CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.u = 'zq-u9' THEN RAISE EXCEPTION 'never % again', NEW.u; END IF; RETURN NEW; END $$;
          CREATE TRIGGER refuse BEFORE INSERT ON sees FOR EACH ROW EXECUTE FUNCTION refuse();
          """);
      Path plan = directory.resolve("redacted.conf");
      Files.writeString(plan, PLAN);
      Path checked = directory.resolve("checked.conf");
      Files.writeString(
          checked, PLAN + "never.twice = \"SELECT * FROM people WHERE u <> 'none'\"\n");
      Path a = directory.resolve("a.jsonl");
      Path b = directory.resolve("b.jsonl");

      written(database, 0, "plan", checked.toString(), "--diff", a.toString());
      JsonNode refused =
          written(
              database,
              5,
              "run",
              checked.toString(),
              "--set",
              "limits.pairs-for-one-user=1",
              "--set",
              "limits.users-of-one-object=1");
      assertThat(refused.path("error").path("message").asText())
          .contains(
              "plans 2 pairs for user left out, and limits.pairs-for-one-user is 1",
              "never twice gives 5 rows, and must give none: left out");

      database.execute("INSERT INTO owner VALUES ('zq-t', 'zq-t', 'zq-o3', 'zq-u1')");
      JsonNode run =
          written(
              database, 8, "run", plan.toString(), "--label", "zq-label", "--diff", b.toString());
      assertThat(run.path("steps").path(0).path("rejections").path(0).path("sqlState").asText())
          .isEqualTo("P0001");
      assertThat(run.path("steps").path(0).path("crossing").asLong()).isEqualTo(1);
      assertThat(run.path("warnings").toString())
          .contains("the first of object left out: object and user differ in tenant");

      database.execute("UPDATE contact SET years = 9 WHERE u = 'zq-p2'");
      JsonNode undo = written(database, 0, "undo", run.path("runId").asText());
      assertThat(undo.path("undo").toString()).contains("\"reason\":\"was changed since\"");

      JsonNode differ = written(database, 0, "diff", a.toString(), b.toString());
      assertThat(differ.path("comparison").path("onlyInB").asLong()).isPositive();
      written(
          database,
          0,
          "explain",
          plan.toString(),
          "--object",
          "zq-t,zq-o1",
          "--user",
          "zq-t,zq-u2");
    }
  }

  /** What it writes as JSON; beside that it says keys, so that there were some to leave out. */
  private JsonNode written(TestingDatabase database, int code, String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of(words));
    all.add("--redact");
    List<Path> targets =
        List.of(
            directory.resolve("r.json"), directory.resolve("r.html"), directory.resolve("r.md"));
    targets.forEach(target -> all.addAll(List.of("--report", target.toString())));
    TestingRun run = TestingRun.bare(database.environment(), all.toArray(String[]::new));
    assertThat(run.code()).as(run.said()).isEqualTo(code);
    assertThat(run.said() + run.out()).as(words[0]).contains(MARK);
    for (Path target : targets) {
      assertThat(Files.readString(target)).as(words[0] + " " + target).doesNotContain(MARK);
    }
    return new ObjectMapper().readTree(targets.get(0).toFile());
  }
}
