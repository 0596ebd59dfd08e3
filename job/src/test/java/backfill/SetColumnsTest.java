package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingDiff;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What new pairs get in columns that no pair fills. */
class SetColumnsTest {
  private static final String PLAN =
      """
      name = set
      allow-delete = true
      limits.surplus-percent = 100
      params { who = "back\\\\slash's", level = 3 }
      sources.grants = granted
      %s
      steps = [
        { name = access, kind = pairs, direct = [{ from = grants, object = o, user = u }], write.rows-per-batch = 100
          into { table = access, object = o, user = u, set { %s } } %s }
        %s
      ]""";

  private static final String ALIKE =
      """
      granted_by = ":who", granted_at = ":now", since = ":now::timestamptz::date", kind = "'shared'"
      note = "json_build_object('by', :who::text)", active = "true", level = ":level * 2", amount = "10 / 4.0"
      owner_id = "(SELECT id FROM owner WHERE name = 'root')", tags = "ARRAY['a b', NULL]\"""";

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE TABLE granted (o int NOT NULL, u bigint NOT NULL);
        INSERT INTO granted SELECT i % 50, 5000000000 + i % 13 FROM generate_series(1, 600) i;
        CREATE TYPE kind AS ENUM ('owned', 'shared');
        CREATE TABLE owner (id smallint PRIMARY KEY, name text);
        INSERT INTO owner VALUES (7, 'root');
        CREATE TABLE access (id uuid, o int, u bigint, granted_by varchar(20) NOT NULL, granted_at timestamptz NOT NULL,
          since date, kind kind NOT NULL, note json, active boolean NOT NULL, level smallint, amount numeric(6, 1),
          owner_id smallint REFERENCES owner, tags text[], serial serial, twice int GENERATED ALWAYS AS (o * 2) STORED,
          PRIMARY KEY (o, u));
        INSERT INTO access (o, u, granted_by, granted_at, kind, active)
          VALUES (1, 5000000001, 'admin', '2020-01-01', 'owned', false)""");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun run(String command, String set, String more, String... options)
      throws Exception {
    return both(command, "", set, more, "", options);
  }

  private TestingRun both(
      String command, String above, String set, String more, String after, String... options)
      throws Exception {
    Path plan = directory.resolve("set.conf");
    Files.writeString(plan, PLAN.formatted(above, set, more, after));
    return TestingRun.of(database.environment(), command, plan, options);
  }

  /** Constants, parameters and :now go along with the copy; a row that is there stays as it is. */
  @Test
  void everyNewRowGetsThemAndOneThatIsThereKeepsItsOwn() throws Exception {
    TestingRun checked = run("check", ALIKE, "");
    assertThat(checked.said()).contains("write access: COPY, arbiter access_pkey");
    TestingRun run = run("run", ALIKE, "");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(
            database.rows(
                """
                SELECT DISTINCT granted_by, since = granted_at::date, kind, note::text, active, level, amount, owner_id,
                  tags::text FROM access WHERE granted_by <> 'admin'"""))
        .hasToString(
            "[[back\\slash's, true, shared, {\"by\" : \"back\\\\slash's\"}, true, 6, 2.5, 7, {\"a b\",NULL}]]");
    assertThat(database.count("SELECT count(DISTINCT granted_at) FROM access")).isEqualTo(2);
    assertThat(
            database.count(
                "SELECT count(*) FROM (SELECT DISTINCT o, u FROM granted) g JOIN access USING (o, u)"))
        .isEqualTo(run.inserted() + 1);
    assertThat(database.count("SELECT count(*) FROM access WHERE kind = 'owned' AND NOT active"))
        .isEqualTo(1);

    TestingRun again = run("run", ALIKE.replace("'shared'", "'owned'"), "");
    assertThat(again.code()).as(again.said()).isZero();
    assertThat(again.inserted()).isZero();
    assertThat(run("verify", ALIKE, "").code()).isZero();

    undoLeavesWhatSomeoneChanged(run);
  }

  private void undoLeavesWhatSomeoneChanged(TestingRun run) throws SQLException {
    database.execute(
        "UPDATE access SET granted_by = 'admin' WHERE (o, u) = (SELECT o, u FROM access WHERE active LIMIT 1)",
        "UPDATE access SET note = '[]' WHERE (o, u) = (SELECT o, u FROM access WHERE granted_by <> 'admin' LIMIT 1)");
    TestingRun undone = TestingRun.of(database.environment(), "undo", run.runId(), "--execute");

    assertThat(database.count("SELECT count(*) FROM access")).as(undone.said()).isEqualTo(3);
  }

  /** A key that a writer meets is left alone, whatever the row holds beside it. */
  @Test
  void rowsOfOthersAreNoneOfTheSteps() throws Exception {
    database.execute(
        "INSERT INTO access (o, u, granted_by, granted_at, kind, active) VALUES (900, 1, 'set', now(), 'owned', true)");
    String set =
        "granted_by = \"'set'\", granted_at = \":now\", kind = \"'owned'\", active = \"false\"";
    String more = ", surplus = delete, owns = \"granted_by = 'set'\"";
    assertThat(run("check", set, more).said()).contains("write access: COPY");
    TestingRun run = run("run", set, more);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("access", "foreign", "deleted", "missing"))
        .isEqualTo(RunTest.numbers(1, 1, 0));
    assertThat(run.inserted()).isPositive();
    assertThat(run("run", set, more).inserted()).isZero();

    assertThat(run("check", set.replace("'set'", "'other'"), more).said())
        .contains(
            "no row that is added would be among those that owns says (granted_by = 'set'): granted_by is"
                + " 'other'::character varying by set");
  }

  /** What differs from row to row is asked for each; a bad row goes alone, and takes no other. */
  @Test
  void whatDiffersIsAnotherValueInEachRow() throws Exception {
    database.execute(
        "CREATE FUNCTION mine() RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN 'x' || random(); END $$",
        "ALTER TABLE access ADD CHECK (o <> 7)");
    String set =
        "id = \"gen_random_uuid()\", granted_by = \"CASE WHEN mine() ? 'x' THEN '' ELSE left(mine(), 20) END\""
            + ", granted_at = \":now\", kind = \"'owned'\", active = \"true\"";
    database.execute(
        "CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2'",
        "CREATE OPERATOR ? (LEFTARG = text, RIGHTARG = text, FUNCTION = same)");
    assertThat(run("check", set, "").said())
        .contains("unnest arrays (set gives each row a value of its own)");
    TestingRun run = run("run", set, "", "--set", "limits.rejected-rows=100");

    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.inserted()).isPositive();
    assertThat(database.count("SELECT count(DISTINCT id) FROM access")).isEqualTo(run.inserted());
    assertThat(database.count("SELECT count(DISTINCT granted_by) FROM access"))
        .isEqualTo(run.inserted() + 1);
    assertThat(database.count("SELECT count(*) FROM access WHERE granted_at IS NULL")).isZero();

    TestingRun undone = TestingRun.of(database.environment(), "undo", run.runId(), "--execute");
    assertThat(database.count("SELECT count(*) FROM access")).as(undone.said()).isEqualTo(1);
    assertThat(run("check", set, ", write.protocol = copy").said())
        .contains(
            "write.protocol is copy, and set gives each row a value of its own in \"granted_by\", \"id\", which COPY cannot");
    assertThat(run("check", set, ", owns = \"id IS NOT NULL\"").said())
        .contains("owns asks for \"id\", where set gives each new row a value of its own");
  }

  /** A later step of a dry run sees the rows with what they would hold. */
  @Test
  void aDryRunLaysThemOverTheTarget() throws Exception {
    database.execute("CREATE TABLE seen (o int, since date, PRIMARY KEY (o))");
    String above = "sources.shared { table = access, where = \"granted_by = 'set'\" }";
    String set =
        "granted_by = \"'set'\", granted_at = \":now\", kind = \"'owned'\", active = \"true\", since = \"'2021-02-03'\"";
    String after =
        "{ name = seen, kind = rows, mode = insert-missing, query = \"SELECT DISTINCT o, since FROM shared\""
            + ", into { table = seen, key = [o] } }";
    TestingRun dry = both("plan", above, set, "", after);
    TestingRun run = both("run", above, set, "", after);

    assertThat(dry.code()).as(dry.said()).isZero();
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("seen", "inserted")).isEqualTo(RunTest.numbers(50));
    assertThat(dry.counts("seen", "toInsert")).isEqualTo(RunTest.numbers(50));
    assertThat(database.rows("SELECT DISTINCT since FROM seen")).hasToString("[[2021-02-03]]");
  }

  private TestingRun ofLevels(String command, String set, String never, String... options)
      throws Exception {
    Path plan = directory.resolve("levels.conf");
    Files.writeString(
        plan,
        """
        name = levels
        params { who = "back\\\\slash's", level = 3 }
        sources.grants = leveled
        steps = [
          { name = access, kind = pairs, direct = [{ from = grants, object = o, user = u, level = l }]
            into { table = access, object = o, user = u, level = level, set { %s } } }
        ]
        never { %s }"""
            .formatted(set, never));
    return TestingRun.of(database.environment(), command, plan, options);
  }

  private void giveLevels() throws SQLException {
    database.execute(
        "CREATE TABLE leveled AS SELECT o, u, max(o % 3)::smallint AS l FROM granted GROUP BY o, u",
        "UPDATE access SET level = 0");
  }

  /** Of a new row the diff tells them, of one whose level is set it does not. */
  @Test
  void aDiffTellsThemOfNewRows() throws Exception {
    giveLevels();
    String set =
        ALIKE.replace(", level = \":level * 2\"", "").replace("\"10 / 4.0\"", "\"NULL\"")
            + ", id = \"gen_random_uuid()\"";
    Path planned = directory.resolve("planned.jsonl");
    Path written = directory.resolve("written.jsonl");
    TestingRun dry = ofLevels("plan", set, "", "--diff", planned.toString());
    var before = TestingDiff.table(database, "access", "o", "u");
    TestingRun run = ofLevels("run", set, "", "--diff", written.toString());

    assertThat(dry.code()).as(dry.said()).isZero();
    assertThat(run.code()).as(run.said()).isZero();
    List<JsonNode> rows = TestingDiff.rows(planned);
    TestingDiff.assertSame(rows, before, TestingDiff.table(database, "access", "o", "u"));
    TestingDiff.assertSame(
        TestingDiff.rows(written), before, TestingDiff.table(database, "access", "o", "u"));
    assertThat(TestingDiff.checksum(rows))
        .isEqualTo(dry.step("access").path("diffChecksum").asText())
        .isEqualTo(run.step("access").path("diffChecksum").asText());
    for (JsonNode row : rows) {
      List<String> after = row.path("after").propertyStream().map(Map.Entry::getKey).toList();
      if (row.path("event").asText().equals("INSERT")) {
        assertThat(after)
            .containsExactlyInAnyOrder(
                "level",
                "granted_by",
                "granted_at",
                "since",
                "kind",
                "note",
                "active",
                "amount",
                "owner_id",
                "tags",
                "id");
        assertThat(row.path("varying"))
            .map(JsonNode::asText)
            .containsExactlyInAnyOrder("granted_at", "since", "id");
      } else {
        assertThat(after).containsExactly("level");
        assertThat(row.path("varying")).isEmpty();
      }
    }
  }

  /** A check reads them of the rows that a step would add, as if these were read. */
  @Test
  void aCheckReadsThemOfNewRows() throws Exception {
    giveLevels();
    String alike =
        """
        fine = \"""
          SELECT o FROM added_access WHERE level <> o % 3 OR granted_by <> 'back\\\\slash''s' OR granted_at <> :now
            OR since <> to_date(granted_at) OR kind <> 'shared' OR NOT active OR amount IS NOT NULL OR owner_id + 1 <> 8
            OR tags[0] <> 'a b' OR tags[1] IS NOT NULL\"""
        """;
    String set =
        ALIKE.replace(", level = \":level * 2\"", "").replace("\"10 / 4.0\"", "\"NULL\"")
            + ", id = \"gen_random_uuid()\"";
    TestingRun fine = ofLevels("plan", set, alike);
    assertThat(fine.code()).as(fine.said()).isZero();
    assertThat(fine.report().path("never").toString()).isEqualTo("{\"fine\":0}");

    TestingRun found =
        ofLevels(
            "run",
            set,
            "two = \"SELECT o, u, kind, owner_id, amount FROM added_access WHERE o < 2 ORDER BY o, u\"");
    assertThat(found.code()).as(found.said()).isEqualTo(5);
    assertThat(found.report().path("error").path("message").asText())
        .contains("(o, u, kind, owner_id, amount) = (0, 5000000001, shared, 7, NULL), ");

    assertThat(ofLevels("check", set, "each = \"SELECT * FROM added_access WHERE o < 0\"").said())
        .contains(
            "never each: set gives each row of added_access a value of its own in id, which is not known before it is written; name the other columns");
    assertThat(ofLevels("check", set, "none = \"SELECT kind FROM set_access\"").said())
        .contains("never none: ")
        .contains("kind");
  }

  @Test
  void whatDoesNotFitIsRefusedByNameBeforeAnythingIsWritten() throws Exception {
    TestingRun checked =
        run(
            "check",
            """
            granted_bi = "'x'", granted_at = "5", since = NULL, kind = "'lent'", note = "o", level = "generate_series(1, 2)"
            amount = "sum(1)", twice = "1", granted_by = "'longer than twenty characters'", active = "NULL"
            tags = "nothing()\"""",
            "");

    assertThat(checked.code()).isEqualTo(3);
    assertThat(checked.said())
        .contains(
            "step access: into.set names \"granted_bi\", and access has no such column; did you mean granted_by?",
            "into.set.granted_at cannot be asked: column \"granted_at\" is of type timestamp with time zone but"
                + " expression is of type integer",
            "into.set.kind cannot be asked: invalid input value for enum kind: \"lent\"",
            "into.set.note cannot be asked: column \"o\" does not exist",
            "into.set.level cannot be asked: set-returning functions are not allowed in VALUES",
            "into.set.amount cannot be asked: aggregate functions are not allowed in VALUES",
            "access.twice is a generated column and cannot be set",
            "into.set.granted_by cannot be asked: value too long for type character varying(20)",
            "into.set gives NULL for \"active\", and access.active is NOT NULL; give it a value",
            "into.set.tags cannot be asked: function nothing() does not exist");

    assertThat(
            run("check", "granted_by = \"'x'\", granted_at = \":now\", active = \"true\"", "")
                .said())
        .contains("access.kind is NOT NULL without a default, and the step does not fill it");
    TestingRun unread = run("check", "granted_at = \"now()\", o = \"1\", kind = \":wo\"", "");
    assertThat(unread.code()).isEqualTo(2);
    assertThat(unread.said())
        .contains(
            "into.set.granted_at of step access uses now, which differs on each run; use :now, the server's time at its start",
            "into.set.kind of step access uses :wo, which is not in params; did you mean who?",
            "into.set of step access sets o, which each pair has a value for; leave it out");
  }
}
