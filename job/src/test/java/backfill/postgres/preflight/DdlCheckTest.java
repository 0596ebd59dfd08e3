package backfill.postgres.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.TestingPreflight;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Whether preflight knows of a change of the schema that it cannot be made. The server is the
 * oracle: it is given the same statement, in a transaction that is rolled back.
 */
class DdlCheckTest {
  private static final String WORLD =
      """
      CREATE TYPE mood AS ENUM ('sad', 'happy');
      CREATE DOMAIN needed AS int NOT NULL;
      CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, nick text, born date, extra json, tags text[],
        mood mood, at timestamptz, size int, twice int GENERATED ALWAYS AS (size * 2) STORED, span int4range);
      INSERT INTO people (id, name) VALUES (1, 'Ada');
      CREATE INDEX people_nick ON people (nick);
      CREATE UNIQUE INDEX people_born ON people (born);
      CREATE VIEW people_names AS SELECT name FROM people;
      CREATE MATERIALIZED VIEW people_sizes AS SELECT size FROM people;
      CREATE TABLE pets (id int PRIMARY KEY, owner int REFERENCES people, name text, secret text, colour text);
      CREATE POLICY own ON pets USING (secret = current_user);
      CREATE FUNCTION pet_colour(int) RETURNS text RETURN (SELECT colour FROM pets WHERE id = $1);
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER renamed BEFORE UPDATE OF name ON pets FOR EACH ROW EXECUTE FUNCTION touch();
      CREATE TABLE events (id int, day date NOT NULL, note text) PARTITION BY RANGE (day);
      CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      CREATE INDEX events_note ON events (note);
      CREATE TABLE hours (id int, at timestamptz, zone text) PARTITION BY LIST (lower(zone));
      CREATE TABLE base (id int, note text);
      CREATE TABLE heir (own int, later int) INHERITS (base);
      CREATE TABLE typed OF pg_catalog.pg_am;
      CREATE SEQUENCE counter;
      CREATE TABLE empty (id int);
      CREATE SCHEMA app;
      CREATE VIEW app.outside AS SELECT p.id FROM pets p JOIN empty e ON e.id = p.id""";

  private static TestingDatabase database;
  private static int version;

  @BeforeAll
  static void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(WORLD.replace("CREATE TABLE typed OF pg_catalog.pg_am;", ""));
    database.execute("CREATE TYPE shape AS (sides int)", "CREATE TABLE typed OF shape");
    version = (int) database.count("SELECT current_setting('server_version_num')::int / 10000");
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  /** What preflight says of a plan with these steps. */
  private static List<String> reasons(String steps) {
    Plan plan =
        PlanFile.read(
            "test.conf",
            "name = test\nallow-delete = true\nsteps = [\n" + steps + "\n]",
            List.of(),
            "test");
    try (Preflight preflight =
        Preflight.open(
            plan,
            plan.steps(),
            NamedDatabases.only(TestingPreflight.database(database.environment())),
            "backfill test")) {
      preflight.check((asked, tables, known) -> Shapes.NONE);
      return List.of();
    } catch (NotReadyException e) {
      return e.reasons();
    }
  }

  private static String step(String name, String verb, String object, String statement) {
    return "{ name = %s, kind = ddl, %s = \"%s\", statement = \"\"\"%s\"\"\" }\n"
        .formatted(name, verb, object.replace("\"", "\\\""), statement);
  }

  private static boolean serverRefuses(String statement) throws SQLException {
    try (Connection connection = database.connection();
        Statement sent = connection.createStatement()) {
      boolean alone = statement.contains("CONCURRENTLY");
      connection.setAutoCommit(alone);
      sent.execute(statement);
      if (!alone) {
        connection.rollback();
      }
      return false;
    } catch (SQLException e) {
      return true;
    }
  }

  /** Each line is an object and the statement that makes it, or takes it away. */
  private static void assertAsTheServer(String verb, List<String> lines) throws SQLException {
    List<String> wrong = new ArrayList<>();
    int refused = 0;
    for (String line : lines) {
      String object = line.substring(0, line.indexOf(' '));
      String statement = line.substring(line.indexOf(' ') + 1);
      List<String> said = reasons(step("s", verb, object, statement));
      boolean refuses = serverRefuses(statement);
      refused += refuses ? 1 : 0;
      if (said.isEmpty() == refuses || said.size() > 1) {
        wrong.add(
            (refuses ? "the server refuses: " : "the server takes: ") + statement + " -> " + said);
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(refused).isBetween(lines.size() / 4, lines.size() - 2);
  }

  @Test
  void indexesAreJudgedAsTheServerDoes() throws SQLException {
    assertAsTheServer(
        "creates",
        List.of(
            "i CREATE INDEX i ON people (name)",
            "i CREATE INDEX i ON people (nmae)",
            "i CREATE INDEX i ON people (lower(name) DESC NULLS LAST, (size + 1))",
            "i CREATE INDEX i ON people (lower(size))",
            "i CREATE INDEX i ON people (now())",
            "i CREATE INDEX i ON people ((at::text || clock_timestamp()::text))",
            "i CREATE INDEX i ON people (size) WHERE nick IS NULL",
            "i CREATE INDEX i ON people (size) WHERE nik IS NULL;",
            "i CREATE INDEX i ON people (extra)",
            "i CREATE INDEX i ON people (tags)",
            "i CREATE INDEX i ON people USING gin (tags)",
            "i CREATE INDEX i ON people USING gin (size)",
            "i CREATE INDEX i ON people USING gist (span)",
            "i CREATE INDEX i ON people USING nosuch (size)",
            "i CREATE UNIQUE INDEX i ON people USING hash (size)",
            "i CREATE INDEX i ON people USING hash (size, nick)",
            "i CREATE INDEX i ON people (mood, born, name text_pattern_ops)",
            "i CREATE INDEX i ON people (name COLLATE \"C\" ASC)",
            "i CREATE INDEX i ON people (id) INCLUDE (name, nothing)",
            "i CREATE INDEX i ON people (id) INCLUDE (name)",
            "i CREATE INDEX i ON people (id",
            "i CREATE INDEX i ON people_names (name)",
            "i CREATE INDEX i ON people_sizes (size)",
            "i CREATE INDEX i ON nowhere (name)",
            "i CREATE INDEX CONCURRENTLY i ON events (note)",
            "i CREATE INDEX i ON events (note)",
            "i CREATE INDEX i ON ONLY events (note)",
            "i CREATE UNIQUE INDEX i ON events (id)",
            "i CREATE UNIQUE INDEX i ON events (id, day)",
            "i CREATE UNIQUE INDEX i ON hours (id, zone)",
            "people_nick CREATE INDEX IF NOT EXISTS people_nick ON people (nick)"));
  }

  @Test
  void columnsAreJudgedAsTheServerDoes() throws SQLException {
    assertAsTheServer(
        "creates",
        List.of(
            "people.c ALTER TABLE people ADD COLUMN c text",
            "people.c ALTER TABLE people ADD c varchar(20) NOT NULL DEFAULT 'x'",
            "people.c ALTER TABLE people ADD COLUMN c txet",
            "people.c ALTER TABLE people ADD COLUM c text",
            "people.c ALTER TABLE people ADD COLUMN c text NOT NULL",
            "empty.c ALTER TABLE empty ADD COLUMN c text NOT NULL",
            "people.c ALTER TABLE people ADD COLUMN c needed",
            "empty.c ALTER TABLE empty ADD COLUMN c needed",
            "people.c ALTER TABLE people ADD COLUMN c timestamp with time zone DEFAULT now()",
            "people.c ALTER TABLE people ADD COLUMN c int DEFAULT nosuch()",
            "people.c ALTER TABLE people ADD COLUMN c int GENERATED ALWAYS AS (size + id) STORED",
            "people.c ALTER TABLE people ADD COLUMN c int GENERATED ALWAYS AS (sice + id) STORED",
            "people.c ALTER TABLE people ADD COLUMN c int GENERATED BY DEFAULT AS IDENTITY",
            "people.c ALTER TABLE people ADD COLUMN c bigserial",
            "people.c ALTER TABLE people ADD COLUMN c int REFERENCES pets (id)",
            "people.c ALTER TABLE people ADD COLUMN c int REFERENCES pts",
            "people.c ALTER TABLE people ADD COLUMN c mood[] DEFAULT '{}', ADD COLUMN d int",
            "people.xmin ALTER TABLE people ADD COLUMN xmin int",
            "people_names.c ALTER TABLE people_names ADD COLUMN c int",
            "events.c ALTER TABLE events ADD COLUMN c int",
            "events.c ALTER TABLE ONLY events ADD COLUMN c int",
            "events_1.c ALTER TABLE events_1 ADD COLUMN c int",
            "base.c ALTER TABLE base ADD COLUMN c int",
            "base.later ALTER TABLE base ADD COLUMN later text",
            "base.own ALTER TABLE base ADD COLUMN own int",
            "typed.c ALTER TABLE typed ADD COLUMN c int",
            "people.name ALTER TABLE people ADD COLUMN IF NOT EXISTS name text"));
  }

  @Test
  void whatGoesIsJudgedAsTheServerDoes() throws SQLException {
    assertAsTheServer(
        "drops",
        List.of(
            "people.nick ALTER TABLE people DROP COLUMN nick",
            "people.name ALTER TABLE people DROP COLUMN name",
            "people.name ALTER TABLE people DROP name CASCADE",
            "people.name ALTER TABLE people RENAME COLUMN name TO called",
            "people.id ALTER TABLE people DROP COLUMN id",
            "people.size ALTER TABLE people DROP COLUMN size",
            "people.twice ALTER TABLE people DROP COLUMN twice",
            "pets.owner ALTER TABLE pets DROP COLUMN owner",
            "pets.secret ALTER TABLE pets DROP COLUMN secret",
            "pets.colour ALTER TABLE pets DROP COLUMN colour",
            "pets.name ALTER TABLE pets DROP COLUMN name",
            "pets.id ALTER TABLE pets DROP COLUMN id",
            "events.note ALTER TABLE events DROP COLUMN note",
            "events.note ALTER TABLE ONLY events DROP COLUMN note",
            "events_1.note ALTER TABLE events_1 DROP COLUMN note",
            "events.day ALTER TABLE events DROP COLUMN day",
            "hours.zone ALTER TABLE hours DROP COLUMN zone",
            "heir.note ALTER TABLE heir DROP COLUMN note",
            "heir.own ALTER TABLE heir DROP COLUMN own",
            "base.note ALTER TABLE base DROP COLUMN note",
            "people DROP TABLE people",
            "people DROP TABLE people CASCADE",
            "people_names DROP VIEW people_names",
            "people_names DROP TABLE people_names",
            "people_sizes DROP MATERIALIZED VIEW people_sizes",
            "people_sizes DROP VIEW people_sizes",
            "base DROP TABLE base",
            "events DROP TABLE events",
            "events_1 DROP TABLE events_1",
            "empty DROP TABLE empty",
            "people_nick DROP INDEX people_nick",
            "people_pkey DROP INDEX people_pkey",
            "events_note DROP INDEX CONCURRENTLY events_note",
            "events_1_note_idx DROP INDEX events_1_note_idx",
            "counter DROP SEQUENCE counter",
            "nothing DROP INDEX IF EXISTS nothing"));
  }

  @Test
  void relationsAreJudgedAsTheServerDoes() throws SQLException {
    assertAsTheServer(
        "creates",
        List.of(
            "copy CREATE TABLE copy AS SELECT id, name FROM people WITH NO DATA",
            "copy CREATE TABLE copy AS SELECT id, nmae FROM people",
            "copy CREATE UNLOGGED TABLE copy (LIKE people)",
            "copy CREATE VIEW copy AS SELECT * FROM people",
            "copy CREATE OR REPLACE VIEW copy (a) AS SELECT x FROM people",
            "copy CREATE MATERIALIZED VIEW copy AS TABLE people",
            "copy CREATE TABEL copy (id int)",
            "app.copy CREATE SEQUENCE app.copy"));
  }

  @Test
  void whatEarlierStepsMakeAndTakeAwayCounts() {
    String column = step("a", "creates", "people.c", "ALTER TABLE people ADD COLUMN c text");
    String gone = step("d", "drops", "people.name", "ALTER TABLE people DROP COLUMN name");
    assertThat(reasons(column + step("i", "creates", "i", "CREATE INDEX i ON people (c)")))
        .isEmpty();
    assertThat(reasons(step("i", "creates", "i", "CREATE INDEX i ON people (c)") + column))
        .containsExactly(
            "step i: people has no column \"c\" to be indexed, and no step before this one makes it");
    assertThat(reasons(step("v", "drops", "people_names", "DROP VIEW people_names") + gone))
        .isEmpty();
    assertThat(
            reasons(
                step(
                    "d",
                    "drops",
                    "people.name",
                    "DROP VIEW people_names; ALTER TABLE people DROP COLUMN name")))
        .isEmpty();
    assertThat(
            reasons(
                step("d", "drops", "people.nick", "ALTER TABLE people DROP COLUMN nick")
                    + step("i", "creates", "i", "CREATE INDEX i ON people (nick)")))
        .containsExactly(
            "step i: people has no column \"nick\" to be indexed, and no step before this one makes it");
  }

  @Test
  void theReasonNamesWhatIsInTheWayAndWhatToDo() {
    assertThat(reasons(step("d", "drops", "people.name", "ALTER TABLE people DROP COLUMN name")))
        .containsExactly(
            "step d: people.name cannot go: view people_names depends on it; have a step before it drop or change"
                + " that, or say CASCADE in its statement");
    assertThat(reasons(step("i", "creates", "i", "CREATE INDEX CONCURRENTLY i ON events (day)")))
        .containsExactly(
            "step i: events is partitioned, and no index is built CONCURRENTLY on all of it; leave CONCURRENTLY out,"
                + " or make the index ON ONLY \"public\".\"events\", one CONCURRENTLY on each partition, and attach"
                + " them");
    assertThat(
            reasons(
                step(
                    "i",
                    "creates",
                    "i",
                    "CREATE INDEX CONCURRENTLY i ON people (size); CREATE INDEX j ON people (nick)")))
        .containsExactly(
            "step i: its statement is several, and the server takes CONCURRENTLY only alone; make them a step each");
    assertThat(reasons(step("c", "creates", "people.c", "ALTER TABLE people ADD COLUM c text")))
        .containsExactly("step c: its statement cannot be read: syntax error at or near \"text\"");
  }

  @Test
  void whatIsThereUnderTheSameNameMustBeTheSame() {
    assertThat(
            reasons(step("c", "creates", "people.nick", "ALTER TABLE people ADD COLUMN nick int")))
        .containsExactly(
            "step c: column people.nick is there already and is text, where its statement makes it int; drop that one,"
                + " or change its type");
    assertThat(
            reasons(step("i", "creates", "people_nick", "CREATE INDEX people_nick ON pets (name)")))
        .containsExactly(
            "step i: people_nick is there already and is an index of people, not what its statement makes; give the"
                + " new one another name, or drop the other");
    assertThat(
            reasons(
                step(
                    "i",
                    "creates",
                    "people_nick",
                    "CREATE UNIQUE INDEX people_nick ON people (nick)")))
        .singleElement()
        .asString()
        .contains("is an index that is not unique");
    assertThat(
            reasons(
                step("i", "creates", "people_nick", "CREATE INDEX people_nick ON people (size)")))
        .singleElement()
        .asString()
        .contains("is an index on (nick)");
    assertThat(reasons(step("t", "creates", "people_names", "CREATE TABLE people_names (id int)")))
        .containsExactly(
            "step t: people_names is there already and is a view, not a table as its statement makes");
  }

  @Test
  void aStatementThatIsAboutSomethingElseIsFoundBeforeItIsSent() {
    assertThat(
            reasons(
                step("i", "creates", "people_nik", "CREATE INDEX people_nikc ON people (nick)")))
        .containsExactly(
            "step i: its statement makes index people_nikc, and the step is about people_nik; give both one name");
    assertThat(reasons(step("i", "creates", "i", "CREATE INDEX ON people (nick)")))
        .containsExactly(
            "step i: its statement makes an index without a name, and the step is about i; give both one name");
    assertThat(reasons(step("c", "creates", "people.c", "ALTER TABLE people ADD COLUMN d int")))
        .containsExactly("step c: its statement adds column d, and the step is about people.c");
    assertThat(reasons(step("c", "creates", "people.c", "ALTER TABLE pets ADD COLUMN c int")))
        .containsExactly("step c: its statement alters pets, and the step is about people.c");
    assertThat(reasons(step("d", "drops", "people.nick", "ALTER TABLE people DROP COLUMN name")))
        .containsExactly(
            "step d: its statement alters people and drops column name, and the step is about people.nick");
    assertThat(reasons(step("d", "drops", "people_nick", "DROP INDEX people_born")))
        .containsExactly(
            "step d: its statement drops people_born, and the step is about people_nick; give both one name");
  }

  @Test
  void whatALaterStepNeedsMayNotGoBefore() {
    String gone = step("d", "drops", "people_nick", "DROP INDEX people_nick");
    assertThat(
            reasons(
                step("d", "drops", "empty", "DROP TABLE empty CASCADE")
                    + "{ name = b, kind = batches, table = empty, key = [id], where = \"id = 1\", delete = true }"))
        .contains("step b: needs empty, which step d drops before");
    assertThat(
            reasons(
                step("d", "drops", "people.size", "ALTER TABLE people DROP COLUMN size CASCADE")
                    + "{ name = n, kind = ddl, not-null = [people.size] }"))
        .containsExactly(
            "step n: there is no column people.size, and no step before this one makes it");
    assertThat(
            reasons(
                gone
                    + "{ name = b, kind = batches, table = people, where = \"nick IS NULL\", set = { nick = \"name\" } }"))
        .isEmpty();
  }

  @Test
  void notNullIsForColumnsOfTablesAndLabelsOfEnumsAreShort() {
    assertThat(reasons("{ name = n, kind = ddl, not-null = [people_names.name] }"))
        .containsExactly(
            "step n: people_names is a view; only a column of a table can be made NOT NULL");
    assertThat(reasons("{ name = n, kind = ddl, not-null = [people.nmae, pets.nothing] }"))
        .containsExactly(
            "step n: there is no column people.nmae, and no step before this one makes it; did you mean name?",
            "step n: there is no column pets.nothing, and no step before this one makes it");
    assertThat(reasons("{ name = n, kind = ddl, not-null = [events.note, base.note] }")).isEmpty();
    String label = "x".repeat(64);
    assertThat(reasons("{ name = e, kind = ddl, enum = mood, values = [" + label + "] }"))
        .containsExactly(
            "step e: value %s is longer than 63 bytes, the most that a value of an enum has"
                .formatted(label));
  }
}
