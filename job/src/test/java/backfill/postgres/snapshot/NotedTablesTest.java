package backfill.postgres.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.catalog.TestingTables;
import backfill.postgres.server.Database;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What happens to a table between two snapshots, and whether the later one is told apart. */
class NotedTablesTest {
  private static final Duration SECONDS = Duration.ofSeconds(10);
  private static final Set<String> ALL = Set.of("whole", "chosen", "parted");

  private TestingDatabase database;
  private Database asked;
  private List<NotedTables.Rows> rows;
  private Map<String, Long> counts;

  @BeforeEach
  void fill() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TYPE mood AS ENUM ('calm', 'wild')",
        "CREATE TABLE t (id int PRIMARY KEY, note text, mood mood NOT NULL DEFAULT 'calm')",
        "INSERT INTO t (id, note) SELECT i, 'row ' || i FROM generate_series(1, 1000) i",
        "CREATE TABLE parted (id int, part int) PARTITION BY LIST (part)",
        "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1)",
        "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2)",
        "INSERT INTO parted SELECT i, 1 + i % 2 FROM generate_series(1, 100) i",
        "CREATE TABLE chosen AS SELECT 900 AS up_to");
    asked = Database.at(database.url(), database.user(), database.password(), SECONDS);
    rows =
        List.of(
            new NotedTables.Rows("whole", TestingTables.table(asked, "t"), null),
            new NotedTables.Rows(
                "chosen", TestingTables.table(asked, "t"), "id <= (SELECT up_to FROM chosen)"),
            new NotedTables.Rows("parted", TestingTables.table(asked, "parted"), null));
    counts = Map.of("whole", 1000L, "chosen", 900L, "parted", 100L);
    awaitHorizon("t");
  }

  /** An autovacuum elsewhere may hold the horizon back for a moment. */
  private void awaitHorizon(String table) throws SQLException {
    while (database.count(
            "SELECT count(*) FROM %s WHERE age(xmin) <= age(pg_snapshot_xmin(pg_current_snapshot())::xid)"
                .formatted(table))
        > 0) {
      Thread.onSpinWait();
    }
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private Snapshot snapshot() throws SQLException {
    return Snapshot.export(
        asked, "test", rows.stream().map(NotedTables.Rows::table).toList(), SECONDS, SECONDS);
  }

  private NotedTables noted() throws SQLException {
    try (Snapshot before = snapshot()) {
      return NotedTables.of(before, rows);
    }
  }

  /** The names that are the same after these statements, each a transaction. */
  private Set<String> sameAfter(String... statements) throws SQLException {
    NotedTables noted = noted();
    database.execute(statements);
    return same(noted);
  }

  private Set<String> same(NotedTables noted) throws SQLException {
    try (Snapshot later = snapshot()) {
      return noted.sameIn(later, counts);
    }
  }

  @Test
  void nothingChangedOrOnlyWhatIsNoRow() throws SQLException {
    assertThat(sameAfter()).isEqualTo(ALL);
    assertThat(sameAfter("VACUUM FREEZE t", "CREATE INDEX ON t (note)", "ANALYZE t"))
        .isEqualTo(ALL);
    assertThat(sameAfter("BEGIN; UPDATE t SET note = 'x'; ROLLBACK")).isEqualTo(ALL);
  }

  @Test
  void rowIsUpdated() throws SQLException {
    assertThat(sameAfter("UPDATE t SET note = 'other' WHERE id = 7")).isEqualTo(Set.of("parted"));
    assertThat(sameAfter("UPDATE t SET note = note WHERE id = 999"))
        .as("beyond what the condition chooses")
        .isEqualTo(Set.of("chosen", "parted"));
    assertThat(sameAfter("UPDATE parted SET part = 2 WHERE id = 2")).doesNotContain("parted");
  }

  @Test
  void rowIsDeleted() throws SQLException {
    assertThat(sameAfter("DELETE FROM t WHERE id = 1000")).isEqualTo(Set.of("chosen", "parted"));
    assertThat(sameAfter("DELETE FROM parted WHERE id = 1")).isEqualTo(Set.of("chosen"));
  }

  @Test
  void rowIsInserted() throws SQLException {
    assertThat(sameAfter("INSERT INTO t VALUES (1001, 'new')"))
        .isEqualTo(Set.of("chosen", "parted"));
  }

  @Test
  void rowIsReplacedByOneWithTheSameValues() throws SQLException {
    assertThat(
            sameAfter(
                "BEGIN; CREATE TEMP TABLE k ON COMMIT DROP AS SELECT * FROM t WHERE id = 5;"
                    + " DELETE FROM t WHERE id = 5; INSERT INTO t SELECT * FROM k; COMMIT"))
        .isEqualTo(Set.of("parted"));
  }

  @Test
  void placeOfADeletedRowIsTakenByAnother() throws SQLException {
    NotedTables noted = noted();
    database.execute("DELETE FROM t WHERE id = 5", "VACUUM t");
    database.execute("INSERT INTO t VALUES (5, 'row 5')");
    assertThat(same(noted)).isEqualTo(Set.of("parted"));
  }

  @Test
  void tableIsRewritten() throws SQLException {
    NotedTables noted = noted();
    database.execute("ALTER TABLE t ALTER id TYPE bigint USING id + 1");
    assertThat(same(noted)).isEqualTo(Set.of("parted"));
  }

  @Test
  void otherTableHasTheName() throws SQLException {
    assertThat(
            sameAfter(
                "CREATE TABLE built (LIKE parted)",
                "INSERT INTO built SELECT * FROM parted",
                "DROP TABLE parted",
                "ALTER TABLE built RENAME TO parted"))
        .isEqualTo(Set.of("whole", "chosen"));
  }

  @Test
  void oneOfTwoConditionsChoosesOthers() throws SQLException {
    rows =
        List.of(
            new NotedTables.Rows("moved", rows.get(0).table(), "id <> (SELECT up_to FROM chosen)"),
            new NotedTables.Rows("few", rows.get(0).table(), "id < 11"));
    counts = Map.of("moved", 999L, "few", 10L);
    assertThat(sameAfter("UPDATE chosen SET up_to = 5")).isEqualTo(Set.of("few"));
  }

  @Test
  void onlyWhatIsAskedForIsLookedAt() throws SQLException {
    NotedTables noted = noted();
    counts = Map.of("parted", 100L);
    assertThat(same(noted)).isEqualTo(Set.of("parted"));
    assertThat(noted.comparing(counts.keySet())).hasSize(1);
    assertThat(noted.comparing(ALL)).as("rows, and places").hasSize(2);
  }

  /** The versions of the rows stay, and show other values. */
  @Test
  void columnIsDefinedOtherwise() throws SQLException {
    assertThat(sameAfter("ALTER TABLE t DROP note", "ALTER TABLE t ADD note text DEFAULT 'none'"))
        .isEqualTo(Set.of("parted"));
    assertThat(sameAfter("ALTER TYPE mood RENAME VALUE 'calm' TO 'quiet'"))
        .isEqualTo(Set.of("parted"));
    assertThat(sameAfter("ALTER TABLE parted ADD more int DEFAULT 3")).doesNotContain("parted");
  }

  /** As many rows, none of them new, and yet others. */
  @Test
  void conditionChoosesOthersThough() throws SQLException {
    rows =
        List.of(
            new NotedTables.Rows(
                "chosen", rows.get(0).table(), "id <> (SELECT up_to FROM chosen)"));
    counts = Map.of("chosen", 999L);
    assertThat(sameAfter("UPDATE chosen SET up_to = up_to")).isEqualTo(Set.of("chosen"));
    assertThat(sameAfter("UPDATE chosen SET up_to = 5")).isEmpty();
  }

  /**
   * A transaction that was open when the first snapshot was taken deletes a row and adds one, this
   * in a subtransaction: its number is one that the snapshot does not name.
   */
  @Test
  void transactionThatWasOpenCommits() throws SQLException {
    try (Connection open = database.connection();
        Statement statement = open.createStatement()) {
      open.setAutoCommit(false);
      statement.execute("DELETE FROM t WHERE id = 1000");
      statement.execute("SAVEPOINT inner_one");
      statement.execute("INSERT INTO t VALUES (2000, 'new')");
      statement.execute("RELEASE inner_one");
      NotedTables noted = noted();
      database.execute("UPDATE chosen SET up_to = up_to");
      assertThat(same(noted)).as("while it is open").isEqualTo(ALL);
      open.commit();
      assertThat(same(noted)).isEqualTo(Set.of("chosen", "parted"));
    }
  }

  /** As many rows, none of them new: another table with old rows has taken the place of one. */
  @Test
  void otherTableComesInItsPlace() throws SQLException {
    database.execute(
        "CREATE TABLE parted_other (id int, part int)",
        "INSERT INTO parted_other SELECT -id, 2 FROM parted WHERE part = 2",
        "CREATE TABLE above (id int)",
        "CREATE TABLE below_1 (id int) INHERITS (above)",
        "CREATE TABLE below_2 (id int)",
        "INSERT INTO below_1 VALUES (1)",
        "INSERT INTO below_2 VALUES (2)");
    awaitHorizon("below_2");
    rows =
        List.of(
            rows.get(2), new NotedTables.Rows("above", TestingTables.table(asked, "above"), null));
    counts = Map.of("parted", 100L, "above", 1L);
    assertThat(sameAfter()).isEqualTo(Set.of("parted", "above"));
    assertThat(
            sameAfter(
                "ALTER TABLE parted DETACH PARTITION parted_2",
                "ALTER TABLE parted ATTACH PARTITION parted_other FOR VALUES IN (2)",
                "ALTER TABLE below_1 NO INHERIT above",
                "ALTER TABLE below_2 INHERIT above"))
        .isEmpty();
  }

  /** Another way to keep rows may have no versions, or others. */
  @Test
  void tableOfAnotherAccessMethodIsNeverTheSame() throws SQLException {
    String method = "kept_" + database.name();
    database.execute(
        "CREATE ACCESS METHOD " + method + " TYPE TABLE HANDLER heap_tableam_handler",
        "CREATE TABLE other (id int) USING " + method,
        "INSERT INTO other VALUES (1)");
    awaitHorizon("other");
    rows = List.of(new NotedTables.Rows("other", TestingTables.table(asked, "other"), null));
    counts = Map.of("other", 1L);
    assertThat(sameAfter()).isEmpty();
  }

  /**
   * REPACK keeps a row's transaction as VACUUM FULL does; done concurrently it writes a new one.
   */
  @Test
  void tableThatIsRewrittenIsTheSameOnlyWhereItsRowsKeepTheirTransactions() throws Exception {
    database.execute("DELETE FROM parted WHERE id = 1", "DELETE FROM t WHERE id = 1000");
    counts = Map.of("whole", 999L, "chosen", 900L, "parted", 99L);

    assertThat(sameAfter("VACUUM FULL t")).contains("whole", "parted");
    assertThat(
            sameAfter(
                "BEGIN; LOCK TABLE t; CREATE TABLE beside AS TABLE t; DELETE FROM t;"
                    + " INSERT INTO t SELECT * FROM beside; DROP TABLE beside; COMMIT",
                "VACUUM FULL t"))
        .containsExactly("parted");
  }
}
