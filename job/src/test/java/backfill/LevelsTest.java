package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSeed;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pairs with levels, beside what a recursive query on the server makes of them: for each level what
 * is of it or higher, grants, edges and memberships, and of all the highest.
 */
class LevelsTest {
  private static final String PLAN =
      """
      name = levels
      allow-delete = true
      undo = on
      limits.surplus-percent = none
      sources {
        owners = owner, grants = granted, open = opened, members = member, keepers = keeper
        edges = edge, shares = share, folders { table = folder, where = "parent_id IS NOT NULL" }
      }
      never {
        lowered-keeper = "SELECT o FROM set_pairs WHERE l <> before_l AND o = -1"
        no-level = "SELECT o FROM added_pairs WHERE l IS NULL"
        gone = "SELECT o FROM removed_pairs WHERE l = 'none of these'"
      }
      steps = [{ name = pairs, kind = pairs
        direct  = [{ from = owners, object = o, user = u, level = l }, { from = keepers, object = o, user = u, level = "TOP" }]
        through = [{ from = grants, object = o, group = g, level = l }, { from = open, object = o, group = g }]
        members = [{ from = members, group = g, user = u, level = l }]
        nested  = [{ from = edges, parent = p, child = c }, { from = shares, parent = p, child = c, level = l }]
        objects = [{ from = folders, parent = parent_id, child = id, level = l }]
        into    = { table = sees, object = o, user = u, level = l }
        LEVELS
        surplus = delete }]
      """;

  /** What the plan says, in SQL; {@code rank} orders levels. */
  private static final String EXPECTED =
      """
      WITH RECURSIVE lv(k) AS (SELECT generate_series(1, 5)),
      e(p, c, k) AS (SELECT p, c, 5 FROM edge UNION ALL SELECT p, c, rank(l) FROM share),
      below(k, g, r) AS (
        SELECT lv.k, x.g, x.g FROM lv, (SELECT g FROM granted UNION SELECT g FROM opened) x
        UNION SELECT below.k, below.g, e.c FROM below JOIN e ON e.p = below.r AND e.k >= below.k),
      own(k, o, u) AS (
        SELECT lv.k, o, u FROM lv JOIN owner ON rank(l) >= lv.k
        UNION SELECT lv.k, o, u FROM lv, keeper
        UNION SELECT below.k, t.o, m.u
        FROM (SELECT o, g, rank(l) AS k FROM granted UNION ALL SELECT o, g, 5 FROM opened) t
        JOIN below ON below.g = t.g AND t.k >= below.k
        JOIN member m ON m.g = below.r AND rank(m.l) >= below.k),
      has(k, o, u) AS (
        SELECT k, o, u FROM own
        UNION SELECT has.k, f.id, has.u FROM has JOIN folder f ON f.parent_id = has.o AND rank(f.l) >= has.k)
      SELECT o, u, level(max(k))::text AS l FROM has WHERE o IS NOT NULL AND u IS NOT NULL GROUP BY o, u
      ORDER BY 1, 2
      """;

  @TempDir Path directory;
  private TestingDatabase database;
  private Path plan;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  /** Levels 10 to 50, or texts that do not ascend as texts. */
  private void tables(String type) throws SQLException, IOException {
    boolean numbers = type.endsWith("int");
    if (type.equals("role")) {
      database.execute("CREATE TYPE role AS ENUM ('write', 'guest', 'admin', 'read', 'own')");
    }
    String array =
        numbers ? "ARRAY[10, 20, 30, 40, 50]" : "ARRAY['guest', 'read', 'write', 'admin', 'own']";
    database.execute(
        "CREATE FUNCTION level(k int) RETURNS "
            + type
            + " IMMUTABLE LANGUAGE sql AS $$ SELECT (("
            + array
            + ")[k])::"
            + type
            + " $$",
        "CREATE FUNCTION rank(l "
            + type
            + ") RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT array_position("
            + array
            + ", l::"
            + (numbers ? "int" : "text")
            + ") $$",
        "CREATE TABLE owner (o int NOT NULL, u bigint NOT NULL, l " + type + ")",
        "CREATE TABLE keeper (o int NOT NULL, u bigint NOT NULL)",
        "CREATE TABLE granted (o int NOT NULL, g int, l " + type + ")",
        "CREATE TABLE opened (o int NOT NULL, g int)",
        "CREATE TABLE member (g int, u bigint, l " + type + ")",
        "CREATE TABLE edge (p int, c int)",
        "CREATE TABLE share (p int, c int, l " + type + ")",
        "CREATE TABLE folder (id int, parent_id int, l " + type + ")",
        "CREATE TABLE sees (o int, u bigint, l " + type + ", PRIMARY KEY (o, u))");
    plan =
        Files.writeString(
            directory.resolve("levels.conf"),
            PLAN.replace("\"TOP\"", numbers ? "50" : "own")
                .replace("LEVELS", numbers ? "" : "levels = [guest, read, write, admin, own]")
                .replace("'none of these'", numbers ? "-7" : "'none of these'"));
  }

  private void drawn(TestingSeed seed) throws SQLException {
    database.execute(
        "DO $$ BEGIN PERFORM setseed("
            + seed.fraction()
            + "); "
            + "INSERT INTO owner SELECT i % 30, 100 + i % 7, level(1 + i % 5) FROM generate_series(1, 50) i; "
            + "INSERT INTO keeper SELECT i, 100 + i FROM generate_series(1, 5) i; "
            + "INSERT INTO granted SELECT i % 40, (random() * 60)::int, level(1 + (random() * 4)::int) FROM generate_series(1, 80) i; "
            + "INSERT INTO opened SELECT i % 45, (random() * 60)::int FROM generate_series(1, 20) i; "
            + "INSERT INTO member SELECT (random() * 80)::int, (random() * 200)::bigint, level(1 + (random() * 4)::int) FROM generate_series(1, 250); "
            + "INSERT INTO edge SELECT (random() * 60)::int, (random() * 90)::int FROM generate_series(1, 30); "
            + "INSERT INTO share SELECT (random() * 60)::int, (random() * 90)::int, level(1 + (random() * 4)::int) FROM generate_series(1, 60); "
            + "INSERT INTO share VALUES (200, 201, level(2)), (201, 200, level(4)), (200, 3, level(5)), (3, 201, level(3)); "
            + "INSERT INTO granted VALUES (3, 200, level(4)), (4, 201, level(5)); "
            + "INSERT INTO folder SELECT (random() * 90)::int, (random() * 60)::int, level(1 + (random() * 4)::int) FROM generate_series(1, 60); "
            + "INSERT INTO sees SELECT i % 25, 100 + i % 9, CASE WHEN i % 4 > 0 THEN level(1 + i % 3) END FROM generate_series(1, 90) i ON CONFLICT DO NOTHING; END $$",
        // Beyond what is drawn: one to add, which a change lowers, one to set and one to delete.
        "INSERT INTO granted VALUES (51, 210, level(5))",
        "INSERT INTO member VALUES (210, 300, level(5))",
        "INSERT INTO owner VALUES (50, 300, level(2))",
        "INSERT INTO sees VALUES (50, 300, level(1)), (50, 301, level(1))");
  }

  private TestingRun ran(String command, String... options) {
    TestingRun run = TestingRun.of(database.environment(), command, plan, options);
    assertThat(run.code()).as(run.said()).isZero();
    return run;
  }

  private List<List<Object>> held() throws SQLException {
    return database.rows("SELECT o, u, l::text FROM sees ORDER BY 1, 2");
  }

  private long number(TestingRun run, String key) {
    return run.step().path(key).asLong(-1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"int", "role"})
  void eachPairGetsTheHighestLevelOfItsWaysAndOfAWayTheLowestCounts(String type) throws Exception {
    TestingSeed seed = TestingSeed.any();
    tables(type);
    drawn(seed);
    List<List<Object>> before = held();
    List<List<Object>> expected = database.rows(EXPECTED);
    String broadcast = "flatten.broadcast-bytes=" + (type.equals("role") ? "0 B" : "256 MiB");

    TestingRun dry = ran("plan", "--set", broadcast, "--diff", directory + "/diff.jsonl");
    String differently = "flatten.broadcast-bytes=" + (type.equals("role") ? "256 MiB" : "0 B");
    TestingRun otherwise = ran("plan", "--set", differently);
    TestingRun run = ran("run", "--set", broadcast);

    String about = seed + " " + run.said();
    assertThat(otherwise.step().path("shape"))
        .as("however the group map travels, " + about)
        .isNotEmpty()
        .isEqualTo(dry.step().path("shape"));
    assertThat(held()).as(about).isEqualTo(expected);
    assertThat(number(run, "updated"))
        .as(about)
        .isPositive()
        .isEqualTo(number(dry, "toUpdate"))
        .isEqualTo(
            before.stream()
                .filter(row -> expected.stream().anyMatch(other -> sets(row, other)))
                .count());
    assertThat(run.step().path("changes").path("l").asLong()).isEqualTo(number(run, "updated"));
    assertThat(dry.step().path("toSet").toString()).contains("\"l\"");
    assertThat(number(run, "planned"))
        .isEqualTo(number(run, "inserted") + number(run, "updated") + number(run, "unchanged"))
        .isEqualTo(expected.size());
    assertThat(number(run, "missing")).isZero();
    assertThat(number(run, "inserted")).as(about).isPositive().isEqualTo(number(dry, "toInsert"));
    assertThat(number(run, "deleted")).as(about).isPositive().isEqualTo(number(dry, "toDelete"));
    List<String> diff = Files.readAllLines(directory.resolve("diff.jsonl"));
    assertThat(diff)
        .hasSize((int) (number(run, "inserted") + number(run, "updated") + number(run, "deleted")));
    assertThat(diff.stream().filter(line -> line.contains("\"event\":\"UPDATE\"")))
        .hasSize((int) number(run, "updated"))
        .allMatch(
            line -> line.contains("\"before\":{\"l\":") && line.contains("\"after\":{\"l\":"));

    TestingRun again = ran("run", "--set", broadcast);
    assertThat(number(again, "inserted") + number(again, "updated") + number(again, "deleted"))
        .as(about)
        .isZero();
    ran("verify", "--set", broadcast);
    for (int i = 0; i < 5; i++) {
      List<Object> pair = expected.get((i * 37 + 11) % expected.size());
      explained(pair, about);
      explained(expected, i % 2 == 0, pair.get(i % 2 == 0 ? 1 : 0), about);
    }

    database.execute(
        "DELETE FROM share WHERE ctid IN (SELECT ctid FROM share ORDER BY p, c LIMIT 15)",
        "UPDATE member SET l = level(6 - rank(l)) WHERE u % 3 = 0",
        "DELETE FROM granted WHERE o % 7 = 0");
    TestingRun verify = TestingRun.of(database.environment(), "verify", plan, "--set", broadcast);
    assertThat(verify.code()).as(verify.said()).isEqualTo(7);
    List<List<Object>> changed = held();
    TestingRun next = ran("run", "--set", broadcast);
    assertThat(held()).as(about + next.said()).isEqualTo(database.rows(EXPECTED));
    assertThat(number(next, "updated")).as(about).isPositive();

    String id = next.line().path("runId").asText();
    TestingRun undo = TestingRun.of(database.environment(), "undo", id, "--execute");
    assertThat(undo.code()).as(undo.said()).isZero();
    assertThat(held()).isEqualTo(changed);
  }

  private static boolean sets(List<Object> held, List<Object> wanted) {
    return held.subList(0, 2).equals(wanted.subList(0, 2)) && !wanted.get(2).equals(held.get(2));
  }

  /** Of one object, or of one user, each pair that there is to be, by its level. */
  private void explained(List<List<Object>> expected, boolean ofUser, Object key, String about) {
    Map<String, Set<String>> byLevel = new TreeMap<>();
    expected.stream()
        .filter(pair -> pair.get(ofUser ? 1 : 0).equals(key))
        .forEach(
            pair ->
                byLevel
                    .computeIfAbsent(String.valueOf(pair.get(2)), first -> new TreeSet<>())
                    .add(String.valueOf(pair.get(ofUser ? 0 : 1))));
    TestingRun run = ran("explain", (ofUser ? "--user=" : "--object=") + key, "--limit=1000");
    JsonNode given = run.report().path("explained").path(0).path("given");
    Map<String, Set<String>> told = new TreeMap<>();
    for (JsonNode level : given.path("levels")) {
      Set<String> keys = new TreeSet<>();
      level.path("keys").forEach(each -> keys.add(each.asText()));
      told.put(level.path("level").asText(), keys);
      assertThat(level.path("pairs").asInt()).as(about).isEqualTo(keys.size());
      assertThat(level.path("rows").asInt())
          .as("the target has them, " + about)
          .isEqualTo(keys.size());
    }
    assertThat(told).as((ofUser ? "user " : "object ") + key + ", " + about).isEqualTo(byLevel);
    assertThat(given.path("pairs").asInt())
        .as(about)
        .isEqualTo(told.values().stream().mapToInt(Set::size).sum());
  }

  private void explained(List<Object> pair, String about) {
    TestingRun run =
        ran("explain", "--object=" + pair.get(0), "--user=" + pair.get(1), "--limit=1000");
    JsonNode step = run.report().path("explained").path(0);
    assertThat(step.path("given").path("level").asText()).as(about).isEqualTo(pair.get(2));
    assertThat(step.path("held").path("level").asText()).as(about).isEqualTo(pair.get(2));
    assertThat(step.path("given").path("ways"))
        .as(about)
        .isNotEmpty()
        .allMatch(
            way ->
                way.path("counts").asBoolean() == way.path("level").asText().equals(pair.get(2))
                    && way.path("grants").path("rows").asLong() > 0
                    && (way.path("group").isNull()
                        || way.path("members").path("rows").asLong() > 0));
  }

  @Test
  void theLevelOfEachWayIsNamedAndTheOneThatCounts() throws Exception {
    tables("text");
    database.execute(
        "INSERT INTO owner VALUES (3, 5, 'guest')",
        "INSERT INTO granted VALUES (1, 7, 'own')",
        "INSERT INTO folder VALUES (3, 2, 'own'), (2, 1, 'admin')",
        "INSERT INTO member VALUES (9, 5, 'own'), (8, 5, 'read')",
        // The shorter chain passes on less.
        "INSERT INTO share VALUES (7, 9, 'guest'), (7, 6, 'own'), (6, 9, 'write')",
        "INSERT INTO edge VALUES (7, 8)",
        "INSERT INTO sees VALUES (3, 5, 'read')");

    TestingRun run = ran("explain", "--object=3", "--user=5");

    JsonNode given = run.report().path("explained").path(0).path("given");
    assertThat(given.path("ways").path(0).path("level").asText()).isEqualTo("write");
    assertThat(given.path("ways").path(0).path("nested").toString()).isEqualTo("[\"6\",\"9\"]");
    assertThat(given.path("ways").path(0).path("objects").toString())
        .isEqualTo("[\"1\",\"2\",\"3\"]");
    assertThat(given.path("ways").path(1).path("level").asText()).isEqualTo("guest");
    assertThat(given.path("ways")).hasSize(2);
    assertThat(String.join(" ", run.out()).replaceAll("\\s+", " "))
        .contains("2 ways to give o 3 to u 5, the highest at level write")
        .contains("sees has the pair at level read")
        .contains("write, counts");
    assertThat(String.join(" ", ran("explain", "--object=3").out()).replaceAll("\\s+", " "))
        .contains("level users target has users given write 1 0 5 read 0 1");
    assertThat(String.join(" ", ran("explain", "--user=5").out()).replaceAll("\\s+", " "))
        .contains("level objects target has objects given")
        .contains("write 3 0 1, 2, 3 read 0 1");
    assertThat(ran("run").step().path("updated").asLong()).isEqualTo(1);
    assertThat(held()).contains(List.of(3, 5L, "write"));
  }

  @Test
  void aRowThatAnotherSessionIsFasterWithIsLeftAtItsLevelAndToldOf() throws Exception {
    tables("int");
    database.execute(
        "INSERT INTO owner VALUES (1, 1, 30), (1, 2, 30), (1, 3, 30), (1, 4, 30)",
        "INSERT INTO sees VALUES (1, 2, 10), (1, 4, 30)");
    try (TestingHeldRun held =
        TestingHeldRun.writing(
            database,
            "sees",
            options -> TestingRun.of(database.environment(), "run", plan, options))) {
      TestingRun run =
          held.meanwhile(
                  "INSERT INTO sees VALUES (1, 1, 50), (1, 3, 30)",
                  "UPDATE sees SET l = 20 WHERE u = 2")
              .release();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(number(run, "planned")).isEqualTo(4);
      assertThat(number(run, "inserted") + number(run, "updated")).isZero();
      assertThat(number(run, "unchanged")).isEqualTo(1);
      assertThat(number(run, "changedMeanwhile")).isEqualTo(3);
      assertThat(number(run, "missing")).isZero();
      assertThat(number(run, "addedMeanwhile")).as("1 is at 50, 2 at 20").isEqualTo(2);
    }
    assertThat(held().toString()).isEqualTo("[[1, 1, 50], [1, 2, 20], [1, 3, 30], [1, 4, 30]]");
    assertThat(number(ran("run"), "updated")).isEqualTo(2);
    assertThat(held().toString()).isEqualTo("[[1, 1, 30], [1, 2, 30], [1, 3, 30], [1, 4, 30]]");
  }

  @Test
  void aRowThatEndsUpAtAnotherLevelIsMissing() throws Exception {
    tables("int");
    database.execute(
        "INSERT INTO owner VALUES (1, 1, 30), (1, 2, 30)",
        "INSERT INTO sees VALUES (1, 2, 10)",
        "CREATE FUNCTION raised() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.l := 50; RETURN NEW; END $$",
        "CREATE TRIGGER raised BEFORE INSERT OR UPDATE ON sees FOR EACH ROW EXECUTE FUNCTION raised()");

    TestingRun run = TestingRun.of(database.environment(), "run", plan);

    assertThat(run.code()).as(run.said()).isEqualTo(7);
    assertThat(number(run, "missing")).isEqualTo(2);
  }

  @Test
  void levelsOfAnotherTypeAreRefusedBeforeAnythingIsRead() throws Exception {
    tables("int");
    database.execute(
        "ALTER TABLE share ALTER l TYPE text",
        "ALTER TABLE member ALTER l TYPE bigint",
        "ALTER TABLE sees ALTER l TYPE smallint",
        "ALTER TABLE folder RENAME l TO level");
    Files.writeString(plan, Files.readString(plan).replace("level = 50", "level = 70000"));

    TestingRun run = TestingRun.of(database.environment(), "check", plan);

    assertThat(run.code()).as(run.said()).isEqualTo(3);
    assertThat(run.said().replaceAll("\\s+", " "))
        .contains("share.l is text, and the step's levels are numbers")
        .contains("member.l goes into sees.l, and bigint does not fit smallint")
        .contains("folder has no column \"l\"")
        .contains("the level 70000 does not fit sees.l, which is smallint");
  }

  @Test
  void aLevelThatIsNullOrUnknownEndsTheRunAndIsNamed() throws Exception {
    tables("text");
    database.execute(
        "INSERT INTO owner VALUES (1, 1, 'own'), (1, 2, NULL), (1, 3, NULL), (1, 4, 'boss')",
        "INSERT INTO member VALUES (1, 1, 'Read')");

    TestingRun run = TestingRun.of(database.environment(), "run", plan);

    assertThat(run.code()).as(run.said()).isEqualTo(4);
    assertThat(run.report().path("error").path("message").asText())
        .contains("2 rows of owners have NULL in l, and a level is never guessed")
        .contains("1 row of owners has the level boss in l, which is not among levels (guest, read")
        .contains("1 row of members has the level Read in l");
    assertThat(held()).isEmpty();
  }
}
