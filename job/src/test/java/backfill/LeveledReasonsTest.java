package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingDiff;
import backfill.testing.TestingPostgres;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pair of a diff that has a level names a shortest of the ways that give this one, however much
 * shorter those are that give a lower one.
 */
class LeveledReasonsTest {
  private static final String PLAN =
      """
      name = leveled
      sources { owners = owner, grants = granted, members = member, edges = edge, tree = tree }
      steps = [{ name = pairs, kind = pairs
        direct  = [{ from = owners, object = o, user = u, level = l }]
        through = [{ from = grants, object = o, group = g, level = l }]
        members = [{ from = members, group = g, user = u, level = l }]
        nested  = [{ from = edges, parent = p, child = c, level = l }]
        %s
        into    = { table = sees, object = o, user = u, level = l } }]
      """;

  private static final String OBJECTS =
      "objects = [{ from = tree, parent = p, child = c, level = l }]";

  /** How long the shortest way to each pair is, of those that give it a level or a higher one. */
  private static final String LENGTHS =
      """
      WITH RECURSIVE lv(k) AS (SELECT generate_series(1, 4)),
      up(k, o, a, d) AS (
        SELECT k, o, o, 0 FROM lv, (SELECT o FROM owner UNION SELECT o FROM granted UNION SELECT c FROM tree) t
        UNION SELECT k, up.o, t.p, d + 1 FROM up JOIN tree t ON t.c = up.a AND t.l >= k WHERE d < %1$d),
      down(k, g, m, d) AS (
        SELECT DISTINCT k, g, g, 0 FROM lv, granted
        UNION SELECT k, down.g, e.c, d + 1 FROM down JOIN edge e ON e.p = down.m AND e.l >= k WHERE d < 15)
      SELECT o, u, k, min(d)::int FROM (
        SELECT up.o, u, k, d FROM up JOIN owner w ON w.o = up.a AND w.l >= k
        UNION ALL
        SELECT up.o, m.u, up.k, up.d + down.d FROM up JOIN granted t ON t.o = up.a AND t.l >= up.k
          JOIN down ON down.g = t.g AND down.k = up.k JOIN member m ON m.g = down.m AND m.l >= up.k) w
      GROUP BY 1, 2, 3
      """;

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE TABLE owner (o int NOT NULL, u int NOT NULL, l int NOT NULL);
        CREATE TABLE granted (o int NOT NULL, g int NOT NULL, l int NOT NULL);
        CREATE TABLE member (g int NOT NULL, u int NOT NULL, l int NOT NULL);
        CREATE TABLE edge (p int NOT NULL, c int NOT NULL, l int NOT NULL);
        CREATE TABLE tree (p int NOT NULL, c int NOT NULL, l int NOT NULL);
        CREATE TABLE sees (o int, u int, l int, PRIMARY KEY (o, u));
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private List<JsonNode> told(String objects, String... options) throws Exception {
    Path plan = Files.writeString(directory.resolve("leveled.conf"), PLAN.formatted(objects));
    Path diff = directory.resolve("leveled.jsonl");
    return TestingDiff.ofDryRun(database, plan, diff, options);
  }

  private static List<Integer> keys(JsonNode chain) {
    List<Integer> keys = new ArrayList<>();
    chain.forEach(key -> keys.add(Integer.valueOf(key.asText())));
    return keys;
  }

  /** The highest level at which a table has both. */
  private Map<List<Object>, Integer> levels(String table) throws SQLException {
    Map<List<Object>, Integer> levels = new HashMap<>();
    database
        .rows("SELECT a, b, max(l) FROM " + table + " AS t(a, b, l) GROUP BY 1, 2")
        .forEach(row -> levels.put(row.subList(0, 2), (Integer) row.get(2)));
    return levels;
  }

  private static void passes(
      List<Integer> chain, Map<List<Object>, Integer> edges, int level, String about) {
    for (int i = 1; i < chain.size(); i++) {
      assertThat(edges.get(List.<Object>of(chain.get(i - 1), chain.get(i))))
          .as(about)
          .isGreaterThanOrEqualTo(level);
    }
  }

  private void areShortest(String seed, List<JsonNode> told, int above) throws SQLException {
    Map<List<Object>, Integer> lengths = new HashMap<>();
    database
        .rows(LENGTHS.formatted(above))
        .forEach(row -> lengths.put(row.subList(0, 3), (Integer) row.get(3)));
    Map<List<Object>, Integer> tree = levels("tree");
    Map<List<Object>, Integer> edges = levels("edge");
    Map<List<Object>, Integer> granted = levels("granted");
    Map<List<Object>, Integer> members = levels("member");
    assertThat(told.stream().filter(row -> row.has("chain"))).as(seed).isNotEmpty();
    for (JsonNode row : told) {
      String about = seed + row;
      int object = row.path("key").path("o").asInt();
      int user = row.path("key").path("u").asInt();
      int level = row.path("after").path("l").asInt();
      List<Integer> objects = keys(row.path("chain").path("objects"));
      List<Integer> groups = keys(row.path("chain").path("groups"));
      int length = Math.max(0, objects.size() - 1) + Math.max(0, groups.size() - 1);
      assertThat(length).as(about).isEqualTo(lengths.get(List.<Object>of(object, user, level)));
      passes(objects, tree, level, about);
      passes(groups, edges, level, about);
      if (!groups.isEmpty()) {
        int on = objects.isEmpty() ? object : objects.get(0);
        int last = groups.get(groups.size() - 1);
        assertThat(granted.get(List.<Object>of(on, groups.get(0))))
            .as(about)
            .isGreaterThanOrEqualTo(level);
        assertThat(members.get(List.<Object>of(last, user)))
            .as(about)
            .isGreaterThanOrEqualTo(level);
      }
    }
  }

  @Test
  void aChainGivesTheLevelThatIsToldAndIsAsShortAsARecursiveQueryFindsIt() throws Exception {
    long seed = Math.floorMod(Long.getLong("backfill.seed", new Random().nextLong()), 1_000_000L);
    database.execute(
        "DO $$ BEGIN PERFORM setseed("
            + seed / 1e6
            + "); "
            + "INSERT INTO owner SELECT (random() * 30)::int, (random() * 40)::int, 1 + (random() * 3)::int FROM generate_series(1, 25); "
            + "INSERT INTO granted SELECT (random() * 30)::int, (random() * 20)::int, 1 + (random() * 3)::int FROM generate_series(1, 30); "
            + "INSERT INTO member SELECT (random() * 40)::int, (random() * 40)::int, 1 + (random() * 3)::int FROM generate_series(1, 90); "
            + "INSERT INTO edge SELECT (random() * 30)::int, (random() * 40)::int, 1 + (random() * 3)::int FROM generate_series(1, 70); "
            + "INSERT INTO edge VALUES (1, 1, 4), (1, 2, 2), (2, 1, 4); "
            + "INSERT INTO tree SELECT (random() * 30)::int, (random() * 60)::int, 1 + (random() * 3)::int FROM generate_series(1, 70); "
            + "INSERT INTO tree VALUES (1, 1, 4), (1, 2, 3), (2, 1, 4); "
            + "INSERT INTO sees VALUES (1, 1, 1), (1, 2, 1), (2, 3, 4), (3, 4, 2) ON CONFLICT DO NOTHING; END $$");
    String[] joined = {"--set", "flatten.broadcast-bytes=0 B", "--set", "write.writers=3"};
    areShortest("seed " + seed + " ", told(OBJECTS), 15);
    List<JsonNode> groups = told("");
    areShortest("groups, seed " + seed + " ", groups, 0);
    assertThat(told("", joined)).as("seed " + seed).isEqualTo(groups);
  }

  @Test
  void aShorterWayThatGivesLessIsNotTheOneThatIsNamed() throws Exception {
    database.execute(
        "INSERT INTO granted VALUES (1, 7, 4)",
        // The shorter chain passes on less.
        "INSERT INTO edge VALUES (7, 9, 1), (7, 6, 4), (6, 9, 3)",
        "INSERT INTO tree VALUES (1, 3, 1), (1, 2, 4), (2, 3, 4)",
        "INSERT INTO member VALUES (9, 5, 4), (7, 5, 2)",
        "INSERT INTO owner VALUES (3, 5, 1)");

    JsonNode row =
        told(OBJECTS).stream()
            .filter(each -> each.path("key").path("o").asInt() == 3)
            .findFirst()
            .orElseThrow();

    assertThat(row.path("after").path("l").asText()).isEqualTo("3");
    assertThat(row.path("chain"))
        .hasToString("{\"objects\":[\"1\",\"2\",\"3\"],\"groups\":[\"7\",\"6\",\"9\"]}");
  }

  @Test
  void ofWaysAsShortAsEachOtherTheOneOfTheSmallerKeyIsNamedWhateverTheyGiveElsewhere()
      throws Exception {
    database.execute(
        "INSERT INTO granted VALUES (1, 7, 4), (1, 8, 2)",
        "INSERT INTO edge VALUES (7, 9, 4), (8, 10, 4)",
        "INSERT INTO member VALUES (9, 5, 2), (10, 5, 2)");

    for (String[] options :
        List.of(
            new String[0],
            new String[] {"--set", "flatten.broadcast-bytes=0 B", "--set", "write.writers=3"})) {
      assertThat(told("", options))
          .extracting(row -> row.path("chain").toString())
          .containsExactly("{\"groups\":[\"7\",\"9\"]}");
    }
  }
}
