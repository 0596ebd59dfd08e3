package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What others change in targets of rows between the write and verify, while the sources stay as
 * they were read: verify says of each target what it lacks, and of none that something is missing
 * that is there.
 */
class ChangedTargetTest {
  private static final String UPSERT = "mode = upsert, surplus = delete";
  private static final String INSERT = "mode = insert-missing";
  private static final String UPDATE = "mode = update";

  /**
   * How often a target is read: to plan, to add it up, and row by row if it came to something else.
   */
  private static final long ADDED_UP = 2;

  private static final long ROW_BY_ROW = 3;

  /**
   * A target of its own for each, what is done to it, how many rows are missing then, and reads.
   */
  private record Change(String mode, String sql, long missing, long reads) {}

  private static final Map<String, Change> CHANGES = new LinkedHashMap<>();

  static {
    CHANGES.put("untouched", new Change(UPSERT, "SELECT", 0, ADDED_UP));
    CHANGES.put(
        "valued",
        new Change(
            UPSERT,
            """
            UPDATE valued SET v = 'other' WHERE id = 3; UPDATE valued SET v = NULL WHERE id = 1;
            UPDATE valued SET v = v || ' ' WHERE id = 4; UPDATE valued SET v = w, w = v WHERE id = 5""",
            4,
            ROW_BY_ROW));
    CHANGES.put(
        "exchanged",
        new Change(
            UPSERT,
            """
            UPDATE exchanged e SET v = o.v, w = o.w FROM exchanged o
            WHERE (e.id, o.id) IN ((2, 3), (3, 2))""",
            2,
            ROW_BY_ROW));
    CHANGES.put(
        "replaced", // and what was surplus is back
        new Change(
            UPSERT,
            """
            DELETE FROM replaced WHERE id IN (1, 2);
            INSERT INTO replaced VALUES (20, 'v2', 'w2', 0), (9, 'nine', 'ix', 0)""",
            3,
            ROW_BY_ROW));
    CHANGES.put(
        "alike", // the same values in a new row, and a column that the step does not know
        new Change(
            UPSERT,
            """
            DELETE FROM alike WHERE id = 2; INSERT INTO alike VALUES (2, 'v2', 'w2', 7);
            UPDATE alike SET note = 5""",
            0,
            ADDED_UP));
    CHANGES.put(
        "more", new Change(UPSERT, "INSERT INTO more VALUES (70, 'v70', 'w70', 0)", 0, ROW_BY_ROW));
    CHANGES.put(
        "added",
        new Change(
            INSERT,
            """
            UPDATE added SET v = 'other'; UPDATE added SET id = 30 WHERE id = 3;
            DELETE FROM added WHERE id IN (1, 9)""",
            2,
            ROW_BY_ROW));
    CHANGES.put(
        "written",
        new Change(
            UPDATE,
            "UPDATE written SET v = 'other' WHERE id = 2; DELETE FROM written WHERE id = 1",
            1,
            ROW_BY_ROW));
    // What the step does not compare is nothing to it.
    CHANGES.put("keyed", new Change(INSERT, "UPDATE keyed SET v = 'other'", 0, ADDED_UP));
    CHANGES.put("corrected", new Change(UPDATE, "UPDATE corrected SET note = 5", 0, ADDED_UP));
  }

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE EXTENSION pg_stat_statements",
        "CREATE TABLE source (id int PRIMARY KEY, v text, w text)",
        "INSERT INTO source SELECT i, 'v' || i, 'w' || i FROM generate_series(1, 6) i",
        "CREATE TABLE last (id int PRIMARY KEY, v text, w text, note int NOT NULL DEFAULT 0)");
    for (String table : CHANGES.keySet()) {
      // Right, to be set, and surplus.
      database.execute(
          "CREATE TABLE " + table + " (LIKE last INCLUDING ALL)",
          "INSERT INTO "
              + table
              + " VALUES (1, 'v1', 'w1', 0), (2, 'old', NULL, 0), (9, 'nine', 'ix', 0)");
    }
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private Path plan() {
    List<String> steps = new ArrayList<>();
    CHANGES.forEach((table, change) -> steps.add(step(table, change.mode())));
    steps.add(step("last", UPSERT));
    Path plan = directory.resolve("changed.conf");
    try {
      Files.writeString(
          plan,
          "name = changed\nallow-delete = true\nlimits.surplus-percent = 100\nsources.s = source\nsteps = [\n"
              + String.join("\n", steps)
              + "]");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return plan;
  }

  private static String step(String table, String mode) {
    return "{ name = %s, kind = rows, %s, query = \"SELECT id, v, w FROM s\", into = { table = %s, key = [id] } }"
        .formatted(table, mode, table);
  }

  @Test
  void eachTargetIsToldWhatItLacks() throws Exception {
    Path plan = plan();
    try (TestingHeldRun held =
        TestingHeldRun.writing(
            database,
            "last",
            options -> TestingRun.of(database.environment(), "run", plan, options))) {
      for (Change change : CHANGES.values()) {
        held.meanwhile(change.sql());
      }

      TestingRun run = held.release();

      assertThat(run.code()).as(run.said()).isEqualTo(7);
      assertThat(run.said()).contains("verify untouched: the sources are as they were read");
      Map<String, Long> missing = new LinkedHashMap<>();
      Map<String, Long> expected = new LinkedHashMap<>();
      CHANGES.forEach(
          (table, change) -> {
            missing.put(table, run.step(table).path("missing").asLong());
            expected.put(table, change.missing());
          });
      assertThat(missing).isEqualTo(expected);
      assertThat(run.step("last").path("missing").asLong()).isZero();
      Map<String, Long> reads = new LinkedHashMap<>();
      CHANGES.forEach((table, change) -> reads.put(table, change.reads()));
      assertThat(reads()).isEqualTo(reads);
    }
  }

  /** Target to the statements that read it for Spark. */
  private Map<String, Long> reads() throws SQLException {
    Map<String, Long> reads = new LinkedHashMap<>();
    for (String table : CHANGES.keySet()) {
      reads.put(
          table,
          KeyedSourceTest.statements(database, "FROM \"public\".\"" + table + "\") AS r").stream()
              .mapToLong(each -> (long) each.get(1))
              .sum());
    }
    return reads;
  }
}
