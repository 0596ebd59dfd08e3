package backfill.spark.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.plan.Settings;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.server.TableName;
import backfill.postgres.snapshot.Snapshot;
import backfill.spark.query.PairColumnNames;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What readers of one snapshot see, and what others must wait for while it is held. */
class SnapshotConsistencyTest {
  private static final backfill.postgres.catalog.Column ID =
      new backfill.postgres.catalog.Column(
          "id",
          new backfill.postgres.catalog.Column.Type(
              "integer", "integer", "integer", 'b', true, Optional.empty(), Optional.empty()),
          false,
          backfill.postgres.catalog.Column.Filling.NONE,
          backfill.postgres.catalog.Column.Form.NATURAL);

  private static final TableName T = new TableName("public", "t");
  private static final int ROWS = 2000;

  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  /** Rows so wide that 2000 of them fill more than four ranges of 256 blocks. */
  private void fillWide() throws SQLException {
    database.execute(
        "CREATE TABLE t (id int, filler text)",
        "ALTER TABLE t ALTER filler SET STORAGE PLAIN",
        "INSERT INTO t SELECT i, repeat('x', 7000) FROM generate_series(1, " + ROWS + ") i");
  }

  @Test
  void noPartitionSeesWhatWasCommittedAfterTheExport() throws SQLException {
    fillWide();
    try (Snapshot snapshot = export(as(database.user(), database.password()))) {
      database.execute(
          "DELETE FROM t WHERE id % 2 = 0",
          "UPDATE t SET id = -id WHERE id % 3 = 0",
          "INSERT INTO t SELECT "
              + ROWS
              + " + i, repeat('y', 7000) FROM generate_series(1, 500) i");

      Dataset<Row> kept = reader(snapshot).read(table(), List.of("id"), null);

      assertThat(kept.rdd().getNumPartitions()).isEqualTo(4);
      assertThat(ids(kept)).containsExactlyElementsOf(oneTo(ROWS));
      assertThat(pairs(snapshot)).containsExactlyElementsOf(oneTo(ROWS));
    }
  }

  @Test
  void truncateAndRewriteWaitUntilTheSnapshotIsLetGo() throws SQLException {
    fillWide();
    List<String> statements =
        List.of("TRUNCATE t", "VACUUM FULL t", "ALTER TABLE t ALTER id TYPE bigint");
    try (Snapshot snapshot = export(as(database.user(), database.password()))) {
      for (String statement : statements) {
        assertThatThrownBy(() -> impatiently(statement))
            .as(statement)
            .isInstanceOfSatisfying(
                SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("55P03"));
      }
      assertThat(reader(snapshot).read(table(), List.of("id"), null).count()).isEqualTo(ROWS);
    }
    for (String statement : statements) {
      assertThatCode(() -> impatiently(statement)).as(statement).doesNotThrowAnyException();
    }
  }

  private void impatiently(String statement) throws SQLException {
    try (var connection = database.connection();
        var session = connection.createStatement()) {
      session.execute("SET lock_timeout = '100ms'");
      session.execute(statement);
    }
  }

  @Test
  void policyThatHidesRowsIsAnErrorAndNotFewerRows() throws SQLException {
    String role = "reader_" + UUID.randomUUID().toString().substring(0, 8);
    database.execute(
        "CREATE TABLE t (id int)",
        "INSERT INTO t VALUES (1), (2)",
        "CREATE ROLE " + role + " LOGIN PASSWORD 'secret'",
        "GRANT SELECT ON t TO " + role,
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY half ON t USING (id = 1)");
    Database restricted = as(role, "secret");
    try (Snapshot snapshot = export(restricted)) {
      assertThatThrownBy(
              () -> reader(restricted, snapshot).read(table(), List.of("id"), null).count())
          .hasStackTraceContaining(
              "would be affected by row-level security policy for table \"t\"");
      assertThatThrownBy(
              () ->
                  reader(restricted, snapshot)
                      .readPairs(table(), new PairColumnNames("id", "id"), null)
                      .count())
          .hasStackTraceContaining(
              "would be affected by row-level security policy for table \"t\"");
    } finally {
      database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }

  @Test
  void partitionsAreReadCompletelyAndOnce() throws SQLException {
    database.execute(
        "CREATE TABLE t (id int, filler text) PARTITION BY RANGE (id)",
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1500)",
        "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (1500) TO (10000) PARTITION BY RANGE (id)",
        "CREATE TABLE t21 PARTITION OF t2 FOR VALUES FROM (1500) TO (1600)",
        "CREATE TABLE t22 PARTITION OF t2 DEFAULT",
        "ALTER TABLE t1 ALTER filler SET STORAGE PLAIN",
        "INSERT INTO t SELECT i, repeat('x', 7000) FROM generate_series(1, " + ROWS + ") i");

    assertWholeTableIsRead();
  }

  @Test
  void inheritorsAreReadCompletelyAndOnce() throws SQLException {
    fillWide();
    database.execute(
        "CREATE TABLE child () INHERITS (t)",
        "CREATE TABLE grandchild () INHERITS (child)",
        "DELETE FROM t WHERE id > 1500",
        "INSERT INTO child SELECT i, '' FROM generate_series(1501, 1800) i",
        "INSERT INTO grandchild SELECT i, '' FROM generate_series(1801, " + ROWS + ") i");

    assertWholeTableIsRead();
  }

  private void assertWholeTableIsRead() throws SQLException {
    try (Snapshot snapshot = export(as(database.user(), database.password()))) {
      Dataset<Row> kept = reader(snapshot).read(table(), List.of("id"), null);

      assertThat(kept.rdd().getNumPartitions()).isGreaterThan(1);
      assertThat(ids(kept)).containsExactlyElementsOf(oneTo(ROWS));
      assertThat(pairs(snapshot)).containsExactlyElementsOf(oneTo(ROWS));
    }
  }

  private Snapshot export(Database where) throws SQLException {
    return Snapshot.export(
        where, "backfill test", List.of(table()), Duration.ofSeconds(5), Duration.ZERO);
  }

  private SnapshotReader reader(Snapshot snapshot) {
    return reader(as(database.user(), database.password()), snapshot);
  }

  private SnapshotReader reader(Database where, Snapshot snapshot) {
    return new SnapshotReader(
        TestingSpark.session(),
        where,
        snapshot,
        new Settings.Read(4, 100, 100, Duration.ofMinutes(1), Duration.ofMinutes(30)),
        "backfill test",
        LaidOver.NOTHING);
  }

  private Database as(String user, String password) {
    return Database.at(database.url(), user, password, Duration.ofSeconds(10));
  }

  /** As preflight finds it: the largest of the parts says where the ranges end. */
  private Table table() throws SQLException {
    long blocks =
        database.count(
            "SELECT max(pg_relation_size(oid)) / current_setting('block_size')::int FROM pg_class"
                + " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace");
    long oid = database.count("SELECT 't'::regclass::oid::bigint");
    return new Table(
        oid, T, 'r', List.of(ID), List.of(), new Table.Reading(blocks, true, true), List.of());
  }

  private static List<Integer> ids(Dataset<Row> kept) {
    return kept.collectAsList().stream().map((Row row) -> row.getInt(0)).sorted().toList();
  }

  /** The same, as the other way of reading has it. */
  private List<Integer> pairs(Snapshot snapshot) throws SQLException {
    return reader(snapshot)
        .readPairs(table(), new PairColumnNames("id", "id"), null)
        .collect()
        .stream()
        .flatMap(some -> Arrays.stream(some.keys().numbers(null)).mapToObj(Math::toIntExact))
        .sorted()
        .toList();
  }

  private static List<Integer> oneTo(int last) {
    return IntStream.rangeClosed(1, last).boxed().toList();
  }
}
