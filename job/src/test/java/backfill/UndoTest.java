package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRole;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run taken back: the tables are as before, but for rows that others touched since. */
class UndoTest {
  private static final List<String> TARGETS =
      List.of("by_int", "by_bigint", "by_uuid", "by_text", "items", "flags");

  private TestingDatabase database;
  @TempDir private Path directory;
  private Path plan;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    long seed = Long.getLong("backfill.seed", 11);
    System.out.println("UndoTest: backfill.seed=" + seed);
    Random random = new Random(seed);
    StringBuilder steps = new StringBuilder();
    StringBuilder sources = new StringBuilder();
    for (String type : List.of("int", "bigint", "uuid", "text")) {
      String key =
          switch (type) {
            case "uuid" -> "md5(i::text)::uuid";
            case "text" -> "'key-' || i || E'\\n\"'";
            case "bigint" -> "i::bigint * 5000000000";
            default -> "i - 40";
          };
      database.execute(
          """
          CREATE TABLE grants_%1$s (o %1$s NOT NULL, u %1$s NOT NULL);
          CREATE TABLE by_%1$s (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, o %1$s NOT NULL, u %1$s NOT NULL,
            note text DEFAULT 'n', twice text GENERATED ALWAYS AS (note || note) STORED, UNIQUE (o, u));
          SELECT setseed(%3$s);
          INSERT INTO grants_%1$s SELECT o, u FROM (SELECT %2$s AS o FROM generate_series(1, 60) AS i) a,
            (SELECT %2$s AS u FROM generate_series(1, 60) AS i) b WHERE random() < 0.4;
          INSERT INTO by_%1$s (o, u) SELECT o, u FROM (SELECT %2$s AS o FROM generate_series(50, 65) AS i) a,
            (SELECT %2$s AS u FROM generate_series(1, 60) AS i) b WHERE random() < 0.5"""
              .formatted(type, key, random.nextDouble()));
      sources.append("sources.grants_%1$s = grants_%1$s\n".formatted(type));
      steps.append(
          """
          { name = pairs-%1$s, kind = pairs, direct = [{ from = grants_%1$s, object = o, user = u }], surplus = delete
            into = { table = by_%1$s, object = o, user = u }, write.rows-per-batch = 300 }
          """
              .formatted(type));
    }
    database.execute(
        """
        CREATE TABLE source (a text, b integer, v numeric, j jsonb);
        CREATE TABLE items (a text, b integer, v numeric, j jsonb, touched timestamptz DEFAULT '2020-01-01', extra float8
          DEFAULT 0.1, PRIMARY KEY (a, b));
        CREATE TABLE flags (id integer PRIMARY KEY, on_since date, color text);
        INSERT INTO items (a, b, v, j) SELECT 'k' || i % 7, i, i / 3.0, jsonb_build_object('i', i)
          FROM generate_series(1, 400) AS i;
        INSERT INTO source SELECT 'k' || i % 7, i, CASE WHEN i % 3 = 0 THEN NULL ELSE i / 4.00 END, '[1,  2]'
          FROM generate_series(50, 700) AS i;
        INSERT INTO flags SELECT i, '2020-02-02', 'red' FROM generate_series(1, 50) AS i""");
    plan = directory.resolve("undo.conf");
    Files.writeString(
        plan,
        """
        name = undo
        allow-delete = true
        undo = on
        limits.surplus-percent = 100
        %ssources.source = source
        sources.flags = flags
        steps = [
        %s
        { name = items, kind = rows, mode = upsert, query = "SELECT a, b, v, j, :now AS touched FROM source"
          touch = [touched], surplus = delete, into = { table = items, key = [a, b] } }
        { name = flags, kind = rows, mode = update, query = "SELECT id, 'blue' AS color FROM flags WHERE id < 30"
          into = { table = flags, key = [id] } }
        ]"""
            .formatted(sources, steps));
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun run(String... words) {
    return TestingRun.of(database.environment(), words);
  }

  /** All rows of all targets, as the server writes them. */
  private TreeMap<String, String> state() throws SQLException {
    TreeMap<String, String> state = new TreeMap<>();
    for (String table : TARGETS) {
      state.put(
          table,
          String.valueOf(
              database
                  .rows("SELECT string_agg(t::text, E'\\n' ORDER BY t::text) FROM " + table + " t")
                  .get(0)
                  .get(0)));
    }
    return state;
  }

  private static List<JsonNode> writes(TestingRun undo) {
    List<JsonNode> writes = new ArrayList<>();
    undo.report().path("undo").path("writes").forEach(writes::add);
    return writes;
  }

  private static long sum(TestingRun undo, String key) {
    return writes(undo).stream().mapToLong(write -> write.path(key).asLong()).sum();
  }

  @Test
  void everyRowIsAsBeforeAndTheUndoCanBeUndone() throws Exception {
    TreeMap<String, String> before = state();
    TestingRun first = run("run", plan.toString());
    assertThat(first.code()).as(first.said()).isZero();
    String id = first.line().path("runId").asText();
    TreeMap<String, String> after = state();
    assertThat(after.values()).doesNotContainAnyElementsOf(before.values());
    // Nothing rests on where rows lie, or which transaction wrote them.
    for (String table : TARGETS) {
      database.execute("VACUUM FULL " + table);
    }
    // A restored table is another one, under the same name.
    for (String table : List.of("items", "flags")) {
      database.execute(
          "CREATE TABLE restored (LIKE %1$s INCLUDING ALL); INSERT INTO restored SELECT * FROM %1$s; DROP TABLE %1$s;"
                  .formatted(table)
              + "ALTER TABLE restored RENAME TO "
              + table);
    }

    TestingRun dry = run("undo", id);
    assertThat(dry.code()).as(dry.said()).isZero();
    assertThat(state()).isEqualTo(after);
    assertThat(dry.said()).contains("this was a dry run; add --execute");
    assertThat(sum(dry, "left")).as(dry.said()).isZero();

    TestingRun undo = run("undo", id.substring(0, 8), "--execute", "--label", "mistaken");
    assertThat(undo.code()).as(undo.said()).isZero();
    assertThat(state()).isEqualTo(before);
    assertThat(sum(undo, "takenBack")).isEqualTo(sum(dry, "takenBack")).isPositive();
    assertThat(undo.line().path("undo").path("run").asText()).isEqualTo(id);

    TestingRun twice = run("undo", id, "--execute");
    assertThat(twice.code()).as(twice.said()).isZero();
    assertThat(sum(twice, "takenBack")).isZero();
    assertThat(twice.said()).contains("undo: nothing to do");
    assertThat(state()).isEqualTo(before);

    assertThat(run("status").out().toString())
        .contains("succeeded, undone", "(undoes " + id.substring(0, 8));
    assertThat(undoneRuns()).containsExactly(id);

    String undoing = undo.line().path("runId").asText();
    TestingRun restored = run("undo", undoing, "--execute");
    assertThat(restored.code()).as(restored.said()).isZero();
    assertThat(state()).isEqualTo(after);
    assertThat(undoneRuns()).containsExactly(undoing);

    String restoring = restored.line().path("runId").asText();
    TestingRun again = run("undo", restoring, "--execute");
    assertThat(again.code()).as(again.said()).isZero();
    assertThat(state()).isEqualTo(before);
    // The first undo holds again, since what undid it is undone.
    assertThat(undoneRuns()).containsExactlyInAnyOrder(id, restoring);
    assertThat(database.count("SELECT count(*) FROM backfill.lease WHERE until > now()")).isZero();
  }

  /** Runs that status says are taken back. */
  private List<String> undoneRuns() {
    List<String> undone = new ArrayList<>();
    for (JsonNode listed : run("status").line().path("runs")) {
      if (listed.path("undone").asBoolean()) {
        undone.add(listed.path("runId").asText());
      }
    }
    return undone;
  }

  @Test
  void rowsThatOthersTouchedAreLeftAndNamed() throws Exception {
    TestingRun first = run("run", plan.toString());
    assertThat(first.code()).as(first.said()).isZero();
    String id = first.line().path("runId").asText();
    database.execute(
        // Of rows that the run added: one that is referred to, whatever the key would do.
        "CREATE TABLE notes (id serial, o int, u int, FOREIGN KEY (o, u) REFERENCES by_int (o, u) ON DELETE CASCADE)",
        "INSERT INTO notes (o, u) SELECT o, u FROM by_int ORDER BY o, u LIMIT 1",
        // One that another run wrote later, after it had gone.
        "DELETE FROM by_text WHERE (o, u) = (SELECT o, u FROM by_text ORDER BY o, u LIMIT 1)",
        // Ones that hold another value by now.
        "UPDATE items SET v = v + 1 WHERE b = 650",
        "UPDATE items SET v = 99 WHERE b = 100",
        "UPDATE flags SET color = 'green' WHERE id = 7",
        "DELETE FROM flags WHERE id = 8",
        // One that was deleted, whose key another row holds.
        "INSERT INTO items (a, b, v) VALUES ('k3', 3, -1)");
    TestingRun second = run("run", plan.toString(), "--only", "pairs-text");
    assertThat(second.counts("pairs-text", "inserted")).containsExactly(1L);
    TreeMap<String, String> after = state();

    TestingRun undo = run("undo", id, "--execute");

    assertThat(undo.code()).as(undo.said()).isEqualTo(8);
    List<String> left = new ArrayList<>();
    for (JsonNode write : writes(undo)) {
      write
          .path("leftRows")
          .forEach(
              row -> left.add(write.path("step").asText() + ": " + row.path("reason").asText()));
    }
    assertThat(left)
        .containsExactlyInAnyOrder(
            "pairs-int insert: rows of notes refer to it",
            "pairs-text insert: run " + second.line().path("runId").asText() + " wrote it later",
            "items insert: was changed since",
            "items update: was changed since",
            "items delete: another row holds its key, or a value that must be unique",
            "flags: was changed since",
            "flags: is gone");
    assertThat(database.count("SELECT count(*) FROM notes")).isOne();
    assertThat(database.count("SELECT count(*) FROM items WHERE v = 99 AND b = 100")).isOne();
    assertThat(database.count("SELECT count(*) FROM flags WHERE color = 'blue'")).isZero();
    assertThat(state()).isNotEqualTo(after);
    // Once the later run is taken back, its row may go, too.
    TestingRun later = run("undo", second.line().path("runId").asText(), "--execute");
    assertThat(later.code()).as(later.said()).isZero();
    assertThat(sum(later, "takenBack")).isOne();
  }

  @Test
  void whatCannotComeBackIsSaidBeforeAnythingIsDone() throws Exception {
    TestingRun first = run("run", plan.toString(), "--set", "undo=off");
    assertThat(first.code()).as(first.said()).isZero();
    String id = first.line().path("runId").asText();
    TreeMap<String, String> after = state();

    TestingRun dry = run("undo", id);
    assertThat(dry.said())
        .contains(
            "cannot come back: step flags set 29 rows, and what they held before was not kept",
            "cannot come back: step items delete deleted 49 rows");
    TestingRun refused = run("undo", id, "--execute", "--set", "limits.rows-deleted=10");
    assertThat(refused.code()).isEqualTo(5);
    assertThat(refused.report().path("error").path("message").asText())
        .contains("and limits.rows-deleted is 10", "Nothing was written");
    assertThat(state()).isEqualTo(after);

    TestingRun undo = run("undo", id, "--execute");
    assertThat(undo.code()).as(undo.said()).isEqualTo(8);
    assertThat(database.count("SELECT count(*) FROM items WHERE b > 400")).isZero();
    assertThat(database.count("SELECT count(*) FROM flags WHERE color = 'blue'")).isEqualTo(29);
  }

  @Test
  void forgottenKeysAreSaidAndTheRunsStay() throws Exception {
    TestingRun first = run("run", plan.toString(), "--only", "pairs-int");
    String id = first.line().path("runId").asText();
    assertThat(first.step("pairs-int").path("cannotUndo").isNull()).isTrue();
    assertThat(first.step("pairs-int").path("ledgerBytes").asLong())
        .isEqualTo(database.count("SELECT sum(octet_length(keys)) FROM backfill.batch"));
    TestingRun young = run("status", plan.toString(), "--prune", "1d");
    assertThat(young.said())
        .contains("the keys of 0 runs that began more than 1 day ago are forgotten");
    database.execute("UPDATE backfill.run SET started_at = now() - interval '91 days'");
    TestingRun old = run("status", plan.toString(), "--prune", "90d");
    assertThat(old.code()).as(old.said()).isZero();
    assertThat(old.said())
        .contains("the keys of 1 run that began more than 90 days ago are forgotten");
    assertThat(old.line().path("runs").get(0).path("runId").asText()).isEqualTo(id);
    TestingRun undo = run("undo", id, "--execute");
    assertThat(undo.code()).isEqualTo(5);
    assertThat(undo.said()).contains("the ledger keeps no keys; they were forgotten at 20");
    assertThat(run("status", "--prune", "90").code()).isEqualTo(2);
  }

  @Test
  void withoutTheLedgerARerunAddsNothingAndTheRunIsUnknown() throws Exception {
    String id = run("run", plan.toString(), "--only", "pairs-int").line().path("runId").asText();
    database.execute("DROP SCHEMA backfill CASCADE");
    TestingRun rerun = run("run", plan.toString(), "--only", "pairs-int");
    assertThat(rerun.code()).as(rerun.said()).isZero();
    assertThat(rerun.counts("pairs-int", "inserted", "deleted")).containsExactly(0L, 0L);
    TestingRun undo = run("undo", id, "--execute");
    assertThat(undo.code()).isEqualTo(3);
    assertThat(undo.said()).contains("the ledger in schema backfill has no run " + id);
  }

  @Test
  void aDryRunTellsWhatItWouldKeepAndWhatCannotComeBack() throws Exception {
    TestingRun dry = run("plan", plan.toString(), "--set", "undo=off");
    assertThat(dry.said())
        .contains(
            "preflight: undo could not take back step pairs-int (what the rows held that it deletes is kept with undo = on only)");
    assertThat(dry.step("items").path("cannotUndo").asText()).contains("sets or deletes");
    assertThat(dry.step("items").path("ledgerBytes").asLong()).isPositive();
    TestingRun much =
        run("plan", plan.toString(), "--only", "items", "--set", "ledger.keys-bytes=1 KiB");
    assertThat(much.said()).contains("ledger.keys-bytes allows 0 MiB");
  }

  @Test
  void rightThatIsMissingIsNamedAndNothingIsDone() throws Exception {
    String id = run("run", plan.toString(), "--only", "pairs-int").line().path("runId").asText();
    TreeMap<String, String> after = state();
    database.execute(
        "CREATE TABLE notes (o int, u int, FOREIGN KEY (o, u) REFERENCES by_int (o, u))");
    try (TestingRole role = TestingRole.plain(database)) {
      database.execute(
          "GRANT USAGE ON SCHEMA backfill TO " + role.name,
          "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA backfill TO " + role.name,
          "GRANT SELECT, UPDATE ON by_int TO " + role.name);
      TestingRun undo = TestingRun.of(role.environment(), "undo", id, "--execute");
      assertThat(undo.code()).as(undo.said()).isEqualTo(3);
      assertThat(undo.said())
          .contains(
              "GRANT DELETE ON \"public\".\"by_int\" TO", "GRANT SELECT ON \"public\".\"notes\" TO")
          .doesNotContain("GRANT SELECT, UPDATE");
      assertThat(state()).isEqualTo(after);
    }
  }

  @Test
  void mistakesAreNamed() throws Exception {
    TestingRun none = run("undo", "0123456789");
    assertThat(none.code()).isEqualTo(3);
    assertThat(none.said()).contains("there is no ledger in schema backfill");
    TestingRun off = run("undo", "0123456789", "--set", "ledger=off");
    assertThat(off.code()).isEqualTo(2);
    assertThat(off.said()).contains("--set: undo goes by the ledger; leave out ledger = off");
    TestingRun word = run("undo", "last");
    assertThat(word.code()).isEqualTo(2);
    assertThat(word.said()).contains("last is not the number of a run");
    run("run", plan.toString(), "--only", "pairs-int");
    TestingRun unknown = run("undo", "0123456789");
    assertThat(unknown.code()).isEqualTo(3);
    assertThat(unknown.said())
        .contains("the ledger in schema backfill has no run 0123456789; backfill status lists");
    assertThat(unknown.said()).doesNotContain("\tat ");
  }
}
