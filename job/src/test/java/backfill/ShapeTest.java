package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSeed;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a dry run says of the shape of a step's grants is what queries on the server count. */
class ShapeTest {
  private static final String STEP =
      """
      { name = pairs, kind = pairs %s
        direct  = [{ from = owners, object = o, user = u }, { from = admins, object = o, user = u }]
        through = [{ from = grants, object = o, group = g }, { from = shares, object = o, group = g }]
        members = [{ from = members, group = g, user = u }]
        into    = { table = sees, object = o, user = u } }
      """;

  private static final String NESTED = ", nested = [{ from = edges, parent = p, child = c }]";
  private static final String OBJECTS = ", objects = [{ from = tree, parent = p, child = c }]";

  /** Closed grants of each source as tables; with nothing nested where the two are empty. */
  private static final String CLOSED =
      """
      CREATE VIEW below AS WITH RECURSIVE b(g, m) AS (
        SELECT g, g FROM (SELECT g FROM granted UNION SELECT g FROM shared) t
        UNION SELECT b.g, e.c FROM b JOIN edge e ON e.p = b.m) SELECT g, m FROM b;
      CREATE VIEW above AS WITH RECURSIVE a(o, h) AS (
        SELECT o, o FROM (SELECT o FROM owner UNION SELECT o FROM admin UNION SELECT o FROM granted
          UNION SELECT o FROM shared UNION SELECT c FROM tree) t
        UNION SELECT a.o, t.p FROM a JOIN tree t ON t.c = a.h) SELECT o, h FROM a;
      CREATE VIEW has AS SELECT DISTINCT b.g, m.u FROM below b JOIN member m ON m.g = b.m;
      CREATE VIEW owners AS SELECT DISTINCT a.o, u FROM above a JOIN owner w ON w.o = a.h;
      CREATE VIEW admins AS SELECT DISTINCT a.o, u FROM above a JOIN admin w ON w.o = a.h;
      CREATE VIEW grants AS SELECT DISTINCT a.o, t.g FROM above a JOIN granted t ON t.o = a.h;
      CREATE VIEW shares AS SELECT DISTINCT a.o, t.g FROM above a JOIN shared t ON t.o = a.h;
      CREATE VIEW given AS
        SELECT 0 AS source, o, u FROM owners UNION SELECT 1, o, u FROM admins
        UNION SELECT 2, o, u FROM grants JOIN has USING (g) UNION SELECT 3, o, u FROM shares JOIN has USING (g);
      CREATE VIEW flat AS SELECT o, u FROM owner UNION SELECT o, u FROM admin;
      CREATE VIEW through AS SELECT o, u FROM granted JOIN member USING (g) UNION SELECT o, u FROM shared JOIN member USING (g);
      """;

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE TABLE owner (o bigint NOT NULL, u int NOT NULL);
        CREATE TABLE admin (o bigint NOT NULL, u int NOT NULL);
        CREATE TABLE granted (o bigint NOT NULL, g text NOT NULL);
        CREATE TABLE shared (o bigint NOT NULL, g text NOT NULL);
        CREATE TABLE member (g text NOT NULL, u int NOT NULL);
        CREATE TABLE edge (p text NOT NULL, c text NOT NULL);
        CREATE TABLE tree (p bigint NOT NULL, c bigint NOT NULL);
        CREATE TABLE sees (o bigint, u int, PRIMARY KEY (o, u));
        """,
        CLOSED);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun run(String command, String nesting, String... options) throws Exception {
    Path plan = directory.resolve("shape.conf");
    Files.writeString(
        plan,
        """
        name = shape
        sources { owners = owner, admins = admin, grants = granted, shares = shared, members = member
          edges = edge, tree = tree }
        steps = [%s]"""
            .formatted(STEP.formatted(nesting)));
    TestingRun run = TestingRun.of(database.environment(), command, plan, options);
    assertThat(run.code()).as(run.said()).isZero();
    return run;
  }

  private void fill(TestingSeed seed) throws SQLException {
    database.execute(
        "DO $$ BEGIN PERFORM setseed("
            + seed.fraction()
            + "); "
            + "INSERT INTO owner SELECT (random() * 30)::int, (random() * 40)::int FROM generate_series(1, 25); "
            + "INSERT INTO admin SELECT (random() * 30)::int, (random() * 40)::int FROM generate_series(1, 15); "
            + "INSERT INTO admin SELECT * FROM owner LIMIT 5; "
            + "INSERT INTO granted SELECT (random() * 30)::int, 'g' || (random() * 20)::int FROM generate_series(1, 20); "
            + "INSERT INTO granted SELECT * FROM granted LIMIT 3; "
            + "INSERT INTO shared SELECT (random() * 30)::int, 'g' || (random() * 45)::int FROM generate_series(1, 15); "
            + "INSERT INTO shared SELECT * FROM granted LIMIT 2; "
            + "INSERT INTO member SELECT 'g' || (random() * 40)::int, (random() * 40)::int FROM generate_series(1, 60); "
            + "INSERT INTO edge SELECT 'g' || (random() * 30)::int, 'g' || (random() * 40)::int FROM generate_series(1, 40); "
            + "INSERT INTO edge VALUES ('g1', 'g1'), ('g1', 'g2'), ('g2', 'g1'); "
            + "INSERT INTO tree SELECT (random() * 30)::int, (random() * 60)::int FROM generate_series(1, 40); END $$",
        // Of groups alone, of objects alone, and of both: beyond what is drawn.
        "INSERT INTO granted VALUES (70, 'g1')",
        "INSERT INTO member VALUES ('g2', 70)",
        "INSERT INTO tree VALUES (70, 71)");
  }

  private long count(String sql) throws SQLException {
    return database.count("SELECT count(*) FROM " + sql);
  }

  private void isAsCounted(String about, JsonNode shape) throws SQLException {
    assertThat(shape.path("pairs").path("all").asLong())
        .as(about)
        .isEqualTo(count("(SELECT DISTINCT o, u FROM given) p"));
    assertThat(shape.path("pairs").path("direct").asLong()).as(about).isEqualTo(count("flat"));
    assertThat(shape.path("pairs").path("through").asLong())
        .as(about)
        .isEqualTo(count("(SELECT * FROM through EXCEPT SELECT * FROM flat) p"));
    assertThat(shape.path("pairs").path("nested").asLong())
        .as(about)
        .isEqualTo(
            count(
                "(SELECT o, u FROM given EXCEPT SELECT * FROM through EXCEPT SELECT * FROM flat) p"));
    for (int source = 0; source < 4; source++) {
      JsonNode of = shape.path("sources").path(source);
      assertThat(of.path("source").asText())
          .isEqualTo(List.of("owners", "admins", "grants", "shares").get(source));
      assertThat(of.path("alone").asLong())
          .as(about + of)
          .isEqualTo(count("given WHERE source = " + source));
      assertThat(of.path("beyond").asLong())
          .as(about + of)
          .isEqualTo(
              count(
                  "(SELECT o, u FROM given WHERE source = %1$d EXCEPT SELECT o, u FROM given WHERE source <> %1$d) p"
                      .formatted(source)));
    }
    assertThat(shape.path("ways").asLong())
        .as(about)
        .isEqualTo(
            count("owners")
                + count("admins")
                + count("grants JOIN has USING (g)")
                + count("shares JOIN has USING (g)"));
    assertThat(shape.path("closed").path("memberToGroup").asLong())
        .as(about)
        .isEqualTo(count("has"));
    assertThat(shape.path("closed").path("groupToObject").asLong())
        .as(about)
        .isEqualTo(count("(SELECT * FROM grants UNION SELECT * FROM shares) p"));
    largest(about, shape.path("groups").path("largest"), "SELECT g, count(*) FROM has");
    largest(about, shape.path("objects").path("largest"), "SELECT o, count(DISTINCT u) FROM given");
    assertThat(shape.path("objects").path("objects").asLong())
        .as(about)
        .isEqualTo(count("(SELECT DISTINCT o FROM given) p"));
  }

  private void largest(String about, JsonNode listed, String sql) throws SQLException {
    List<Long> counts = new ArrayList<>();
    database
        .rows(sql + " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10")
        .forEach(row -> counts.add((Long) row.get(1)));
    List<Long> said = new ArrayList<>();
    for (JsonNode each : listed) {
      said.add(each.path("users").asLong());
      assertThat(
              database.rows(sql + " GROUP BY 1").stream()
                  .filter(row -> row.get(0).toString().equals(each.path("key").asText()))
                  .map(row -> row.get(1)))
          .as(about)
          .containsExactly(each.path("users").asLong());
    }
    assertThat(said).as(about).isEqualTo(counts);
  }

  @Test
  void countsAreThoseOfQueriesHoweverTheGroupMapTravels() throws Exception {
    TestingSeed seed = TestingSeed.any();
    fill(seed);
    String about = seed + " ";
    TestingRun dry = run("plan", NESTED + OBJECTS);
    JsonNode shape = dry.step().path("shape");
    isAsCounted(about, shape);
    assertThat(shape.path("pairs").path("nested").asLong()).as(about).isGreaterThanOrEqualTo(2);
    assertThat(shape.path("groups").path("groups").asLong())
        .isEqualTo(
            count(
                "(SELECT g FROM member UNION SELECT g FROM granted UNION SELECT g FROM shared UNION SELECT p FROM edge"
                    + " UNION SELECT c FROM edge) p"));
    assertThat(shape.path("groups").path("memberships").asLong()).isEqualTo(count("member"));
    assertThat(shape.path("groups").path("nestings").asLong()).isEqualTo(count("edge"));
    assertThat(shape.path("objects").path("nestings").asLong()).isEqualTo(count("tree"));
    assertThat(shape.path("groups").path("cycles"))
        .isEqualTo(dry.step().path("nested").path("cycles"));
    assertThat(sum(shape.path("groups").path("depths")))
        .isEqualTo(dry.step().path("nested").path("keys").asLong());
    assertThat(sum(shape.path("objects").path("depths")))
        .isEqualTo(count("(SELECT DISTINCT p FROM tree) t"));
    assertThat(
            run("plan", NESTED + OBJECTS, "--set", "flatten.broadcast-bytes=0 B")
                .step()
                .path("shape"))
        .as(about)
        .isEqualTo(shape);
    assertThat(run("run", NESTED + OBJECTS).step().path("shape").isNull()).isTrue();

    database.execute("TRUNCATE tree, sees");
    isAsCounted("groups, " + about, run("plan", NESTED).step().path("shape"));
    database.execute("TRUNCATE edge");
    isAsCounted("flat, " + about, run("plan", "").step().path("shape"));
    isAsCounted(
        "joined, " + about,
        run("plan", "", "--set", "flatten.broadcast-bytes=0 B").step().path("shape"));
  }

  private static long sum(JsonNode depths) {
    long keys = 0;
    for (JsonNode depth : depths) {
      keys += depth.path("keys").asLong();
    }
    return keys;
  }

  @Test
  void peopleReadItInAFewLines() throws Exception {
    database.execute(
        """
        INSERT INTO owner VALUES (1, 1), (2, 1);
        INSERT INTO admin VALUES (1, 1);
        INSERT INTO granted VALUES (1, 'g0'), (3, 'g1');
        INSERT INTO member SELECT 'g' || i, i FROM generate_series(0, 30) i;
        INSERT INTO edge SELECT 'g' || i, 'g' || i + 1 FROM generate_series(0, 29) i;
        INSERT INTO edge VALUES ('g30', 'g29');
        INSERT INTO tree VALUES (1, 2), (2, 4);
        """);
    TestingRun dry = run("plan", NESTED + OBJECTS);

    assertThat(dry.said())
        .contains(
            "diff pairs: 31 groups with 31 memberships, 31 nestings, 1 cycle; by levels below: 0 (2), 1 (1), 2 (1), 3 (1),"
                + " 4 (1), 5 (1), 6 to 10 (5), 11 to 25 (15), 26 to 29 (4)",
            "largest of the granted groups, by users: g0 (31), g1 (30)",
            "diff pairs: 4 objects, 2 nestings, no cycle; by levels above: 0 (1), 1 (1)",
            "largest objects, by users: 1 (31), 2 (31), 4 (31), 3 (30)",
            "diff pairs: 123 pairs: 2 direct, 2 more through groups, 119 more by nesting alone",
            "pairs of each source by itself, and of these those that no other gives: owners (direct) 3 and 0; admins (direct)"
                + " 3 and 0; grants (through) 123 and 120; shares (through) 0 and 0",
            "129 rows of direct grants and of grants to groups with each of their users: 1.0 for each pair",
            "beside the pairs, tables closed for member to group and group to object would have 61 rows and 4");
  }
}
