package backfill.postgres.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.TestingTables;
import backfill.postgres.server.Database;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What happens between two snapshots to rows that were fetched by keys, and to others. */
class NotedKeysTest {
  private static final Duration SECONDS = Duration.ofSeconds(10);

  private TestingDatabase database;
  private Database asked;
  private NotedTables.Rows rows;

  @BeforeEach
  void fill() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE t (id int, part int, note text) PARTITION BY LIST (part)",
        "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1)",
        "CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2)",
        "INSERT INTO t SELECT i, 1 + i % 2, 'row ' || i FROM generate_series(1, 100) i");
    asked = Database.at(database.url(), database.user(), database.password(), SECONDS);
    rows = new NotedTables.Rows("keyed", TestingTables.table(asked, "t"), null, true);
    // An autovacuum elsewhere may hold the horizon back for a moment.
    while (database.count(
            "SELECT count(*) FROM t WHERE age(xmin) <= age(pg_snapshot_xmin(pg_current_snapshot())::xid)")
        > 0) {
      Thread.onSpinWait();
    }
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private Snapshot snapshot() throws SQLException {
    return Snapshot.export(asked, "test", List.of(rows.table()), SECONDS, SECONDS);
  }

  /** What is found of keys 1 to 10 and of one that is not there, after these statements. */
  private long foundAfter(String... statements) throws SQLException {
    NotedTables noted;
    try (Snapshot before = snapshot()) {
      noted = NotedTables.of(before, List.of(rows));
    }
    database.execute(statements);
    List<Object> keys = new ArrayList<>(List.of(1000L));
    for (long key = 1; key <= 10; key++) {
      keys.add(key);
    }
    try (Snapshot later = snapshot();
        NotedKeys look =
            new NotedKeys(
                asked,
                later.importStatements(),
                "test",
                NotedKeys.sql(rows.table().name(), "id", noted.horizon()),
                KeyType.INTEGER)) {
      return noted.sameIn(later, Map.of("keyed", 10L)).equals(Set.of("keyed"))
          ? look.rows(keys)
          : -2;
    }
  }

  @Test
  void nothingChangedOrOnlyRowsThatNoKeyNames() throws SQLException {
    assertThat(foundAfter()).isEqualTo(10);
    assertThat(
            foundAfter(
                "UPDATE t SET note = 'x' WHERE id > 10",
                "INSERT INTO t VALUES (101, 1, 'new')",
                "DELETE FROM t WHERE id = 50"))
        .isEqualTo(10);
  }

  @Test
  void rowOfAKeyIsNewOrGone() throws SQLException {
    assertThat(foundAfter("UPDATE t SET note = note WHERE id = 7")).as("updated").isEqualTo(-1);
    assertThat(foundAfter("UPDATE t SET part = 3 - part WHERE id = 8")).as("moved").isEqualTo(-1);
    assertThat(foundAfter("INSERT INTO t VALUES (1000, 1, 'new')")).as("inserted").isEqualTo(-1);
  }

  @Test
  void rowOfAKeyIsDeletedOrReplaced() throws SQLException {
    assertThat(foundAfter("DELETE FROM t WHERE id = 10")).isEqualTo(9);
    assertThat(foundAfter("DELETE FROM t WHERE id = 9", "INSERT INTO t VALUES (9, 2, 'row 9')"))
        .isEqualTo(-1);
  }

  @Test
  void tableIsDefinedOtherwise() throws SQLException {
    assertThat(foundAfter("ALTER TABLE t DROP note", "ALTER TABLE t ADD note text DEFAULT 'x'"))
        .isEqualTo(-2);
  }

  @Test
  void conditionIsNotLookedAt() throws SQLException {
    rows = new NotedTables.Rows("keyed", rows.table(), "part = 1", true);
    assertThat(foundAfter()).isEqualTo(-2);
  }
}
