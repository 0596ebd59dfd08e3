package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingDiff;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSeed;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pair of a diff names a shortest way through nested groups and objects within objects. */
class ChainedReasonsTest {
  private static final String STEP =
      """
      { name = %s, kind = pairs, %s
        direct  = [{ from = owners, object = o, user = u }]
        through = [{ from = grants, object = o, group = g }]
        members = [{ from = members, group = g, user = u }]
        into    = { table = sees, object = o, user = u } }
      """;

  private static final String NESTED = "nested = [{ from = edges, parent = p, child = c }]";
  private static final String OBJECTS = "objects = [{ from = tree, parent = p, child = c }]";

  /** Up from each object, and down from each group, no further than any shortest way. */
  private static final String LENGTHS =
      """
      WITH RECURSIVE up(o, a, d) AS (
        SELECT DISTINCT o, o, 0 FROM (SELECT o FROM owner UNION SELECT o FROM granted UNION SELECT c FROM tree) t
        UNION SELECT up.o, t.p, d + 1 FROM up JOIN tree t ON t.c = up.a WHERE d < %1$d),
      down(g, m, d) AS (
        SELECT DISTINCT g, g, 0 FROM granted
        UNION SELECT down.g, e.c, d + 1 FROM down JOIN edge e ON e.p = down.m WHERE d < %2$d)
      SELECT o, u, min(d)::int FROM (
        SELECT up.o, u, d FROM up JOIN owner w ON w.o = up.a
        UNION ALL
        SELECT up.o, m.u, up.d + down.d FROM up JOIN granted t ON t.o = up.a JOIN down ON down.g = t.g
          JOIN member m ON m.g = down.m) w GROUP BY 1, 2
      """;

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE TABLE owner (o bigint NOT NULL, u int NOT NULL);
        CREATE TABLE granted (o bigint NOT NULL, g text NOT NULL);
        CREATE TABLE member (g text NOT NULL, u int NOT NULL);
        CREATE TABLE edge (p text NOT NULL, c text NOT NULL);
        CREATE TABLE tree (p bigint NOT NULL, c bigint NOT NULL);
        CREATE TABLE sees (o bigint, u int, PRIMARY KEY (o, u));
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private List<JsonNode> told(String step, String nesting, String... options) throws Exception {
    Path plan = directory.resolve("chained.conf");
    Files.writeString(
        plan,
        """
        name = chained
        sources { owners = owner, grants = granted, members = member, edges = edge, tree = tree }
        steps = [%s]"""
            .formatted(STEP.formatted(step, nesting)));
    Path diff = directory.resolve(step + ".jsonl");
    return TestingDiff.ofDryRun(database, plan, diff, options);
  }

  private static List<String> texts(JsonNode chain) {
    List<String> texts = new ArrayList<>();
    chain.forEach(key -> texts.add(key.asText()));
    return texts;
  }

  private Set<List<Object>> rows(String table) throws SQLException {
    Set<List<Object>> rows = new HashSet<>();
    database
        .rows("SELECT a::text, b::text FROM " + table + " AS t(a, b)")
        .forEach(row -> rows.add(List.copyOf(row)));
    return rows;
  }

  private void areShortest(String about, List<JsonNode> told, int above, int below)
      throws SQLException {
    Map<List<String>, Integer> lengths = new HashMap<>();
    database
        .rows(LENGTHS.formatted(above, below))
        .forEach(
            row ->
                lengths.put(
                    List.of(row.get(0).toString(), row.get(1).toString()), (Integer) row.get(2)));
    Set<List<Object>> tree = rows("tree");
    Set<List<Object>> edges = rows("edge");
    Set<List<Object>> granted = rows("granted");
    Set<List<Object>> members = rows("member");
    Set<List<Object>> owners = rows("owner");
    assertThat(told).as(about).hasSize(lengths.size());
    for (JsonNode row : told) {
      String object = row.path("key").path("o").asText();
      String user = row.path("key").path("u").asText();
      List<String> objects = texts(row.path("chain").path("objects"));
      List<String> groups = texts(row.path("chain").path("groups"));
      int length = Math.max(0, objects.size() - 1) + Math.max(0, groups.size() - 1);
      assertThat(length).as(about + row).isEqualTo(lengths.get(List.of(object, user)));
      for (int i = 1; i < objects.size(); i++) {
        assertThat(tree).as(about + row).contains(List.of(objects.get(i - 1), objects.get(i)));
      }
      for (int i = 1; i < groups.size(); i++) {
        assertThat(edges).as(about + row).contains(List.of(groups.get(i - 1), groups.get(i)));
      }
      String on = objects.isEmpty() ? object : objects.get(0);
      assertThat(objects.isEmpty() ? object : objects.get(objects.size() - 1)).isEqualTo(object);
      if (!groups.isEmpty()) {
        assertThat(granted).as(about + row).contains(List.of(on, groups.get(0)));
        assertThat(members).as(about + row).contains(List.of(groups.get(groups.size() - 1), user));
      } else if (!owners.contains(List.of(on, user))) {
        assertThat(granted.stream().filter(grant -> grant.get(0).equals(on)))
            .as(about + row)
            .anyMatch(grant -> members.contains(List.of(grant.get(1), user)));
      }
    }
  }

  @Test
  void chainsAreAsShortAsARecursiveQueryFindsThem() throws Exception {
    TestingSeed seed = TestingSeed.any();
    database.execute(
        "DO $$ BEGIN PERFORM setseed("
            + seed.fraction()
            + "); "
            + "INSERT INTO owner SELECT (random() * 30)::int, (random() * 40)::int FROM generate_series(1, 15); "
            + "INSERT INTO granted SELECT (random() * 30)::int, 'g' || (random() * 20)::int FROM generate_series(1, 20); "
            + "INSERT INTO member SELECT 'g' || (random() * 40)::int, (random() * 40)::int FROM generate_series(1, 60); "
            + "INSERT INTO edge SELECT 'g' || (random() * 30)::int, 'g' || (random() * 40)::int FROM generate_series(1, 45); "
            + "INSERT INTO edge VALUES ('g1', 'g1'), ('g1', 'g2'), ('g2', 'g1'); "
            + "INSERT INTO tree SELECT (random() * 30)::int, (random() * 60)::int FROM generate_series(1, 45); "
            + "INSERT INTO tree VALUES (1, 1), (1, 2), (2, 1); END $$",
        // A chain of both, beyond what is drawn.
        "INSERT INTO granted VALUES (70, 'g1')",
        "INSERT INTO member VALUES ('g2', 70)",
        "INSERT INTO tree VALUES (70, 71)");
    String both = NESTED + ", " + OBJECTS;
    List<JsonNode> told = told("both", both);
    areShortest(seed + " ", told, 15, 15);
    assertThat(told.stream().filter(row -> row.has("chain"))).as("%s", seed).isNotEmpty();
    assertThat(
            told("both", both, "--set", "flatten.broadcast-bytes=0 B", "--set", "write.writers=3"))
        .isEqualTo(told);
    areShortest("groups, " + seed + " ", told("groups", NESTED), 0, 15);
    areShortest("objects, " + seed + " ", told("objects", OBJECTS), 15, 0);
    assertThat(told("flat", "write.writers = 2").stream().filter(row -> row.has("chain")))
        .isEmpty();
  }

  @Test
  void ofALongChainTheEndsAreNamed() throws Exception {
    database.execute(
        "INSERT INTO granted VALUES (7, 'g100'), (7, 'g103')",
        "INSERT INTO edge SELECT 'g' || i, 'g' || i + 1 FROM generate_series(100, 149) i",
        "INSERT INTO member VALUES ('g150', 9)");

    JsonNode chain = told("long", NESTED).get(0).path("chain").path("groups");

    assertThat(chain)
        .hasToString(
            "[\"g103\",\"g104\",\"g105\",\"g106\",\"g107\",\"g108\",\"g109\",\"g110\",\"g111\",\"g112\",28,"
                + "\"g141\",\"g142\",\"g143\",\"g144\",\"g145\",\"g146\",\"g147\",\"g148\",\"g149\",\"g150\"]");
  }
}
