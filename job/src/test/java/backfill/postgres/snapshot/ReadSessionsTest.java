package backfill.postgres.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TestingTables;
import backfill.postgres.server.Database;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPoolingProxy;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which session a read gets, and what becomes of it. */
@Timeout(120)
class ReadSessionsTest {
  private static final Duration SECONDS = Duration.ofSeconds(10);
  private static final String NAME = "reads of a test";

  private TestingDatabase database;
  private Database asked;
  private Table table;

  @BeforeEach
  void fill() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)");
    asked = at(database.url());
    table = TestingTables.table(asked, "t");
  }

  private Database at(String url) {
    return Database.at(url, database.user(), database.password(), SECONDS);
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private Snapshot snapshot(Database of) throws SQLException {
    return Snapshot.export(of, NAME, List.of(table), SECONDS, SECONDS);
  }

  private Connection open(Snapshot snapshot) throws SQLException {
    return ReadSessions.open(asked, snapshot.importStatements(), NAME);
  }

  private static int number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getInt(1);
    }
  }

  private static int process(Connection connection) throws SQLException {
    return number(connection, "SELECT pg_backend_pid()");
  }

  private void awaitSessions(long expected) throws SQLException {
    String sessions =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '%s'";
    while (database.count(sessions.formatted(NAME)) != expected) {
      Thread.onSpinWait();
    }
  }

  @Test
  void oneThatHasReadIsGivenToTheNextReadOfTheSameSnapshot() throws SQLException {
    try (Snapshot snapshot = snapshot(asked);
        Snapshot other = snapshot(asked)) {
      snapshot.keepReaders(asked, NAME);
      int first;
      try (Connection connection = open(snapshot)) {
        first = process(connection);
        connection.commit();
      }
      database.execute("INSERT INTO t VALUES (2)");
      try (Connection connection = open(snapshot);
          Connection beside = open(snapshot);
          Connection elsewhere = open(other)) {
        assertThat(process(connection)).isEqualTo(first);
        assertThat(process(beside)).isNotEqualTo(first);
        assertThat(process(elsewhere)).isNotIn(first, process(beside));
        assertThat(number(connection, "SELECT count(*) FROM t")).isEqualTo(1);
        assertThat(number(beside, "SELECT count(*) FROM t")).isEqualTo(1);
      }
      // The two snapshots, and what waits for reads of the first.
      awaitSessions(4);
    }
    awaitSessions(0);
  }

  /** Its locks on all that is behind the table would last as long as the session. */
  @Test
  void oneThatReadAViewOrAPartitionedTableEnds() throws SQLException {
    database.execute(
        "CREATE VIEW v AS SELECT * FROM t", "CREATE TABLE p (id int) PARTITION BY LIST (id)");
    try (Snapshot snapshot = snapshot(asked)) {
      snapshot.keepReaders(asked, NAME);
      for (String name : List.of("t", "v", "p")) {
        String importing = ReadSessions.importing(snapshot, TestingTables.table(asked, name));
        try (Connection connection = ReadSessions.open(asked, importing, NAME)) {
          assertThat(number(connection, "SELECT count(*) FROM t")).isEqualTo(1);
        }
      }
      awaitSessions(2);
    }
  }

  @Test
  void oneThatFailedOrWasBrokenOffEnds() throws SQLException {
    try (Snapshot snapshot = snapshot(asked)) {
      snapshot.keepReaders(asked, NAME);
      try (Connection connection = open(snapshot)) {
        assertThatThrownBy(() -> number(connection, "SELECT 1 / 0")).hasMessageContaining("zero");
      }
      awaitSessions(1);
      try (PairCopy copy = new PairCopy(asked, snapshot.importStatements(), NAME)) {
        copy.start(
            "COPY (SELECT n, n FROM generate_series(1::int8, 50000000) n) TO STDOUT (FORMAT binary)");
        assertThat(copy.next()).isTrue();
      }
      awaitSessions(1);
      try (Connection connection = open(snapshot)) {
        assertThat(number(connection, "SELECT count(*) FROM t")).isEqualTo(1);
      }
      awaitSessions(2);
    }
  }

  @Test
  void noneOutlivesTheSnapshot() throws SQLException {
    try (Snapshot snapshot = snapshot(asked)) {
      ReadSessions kept = ReadSessions.keep(asked, snapshot.importStatements(), NAME);
      Connection reading = open(snapshot);
      open(snapshot).close();
      awaitSessions(3);

      kept.close();

      awaitSessions(2);
      assertThat(number(reading, "SELECT count(*) FROM t")).isEqualTo(1);
      assertThat(reading.isClosed()).isFalse();
      reading.close();
      assertThat(reading.isClosed()).isTrue();
      awaitSessions(1);
      open(snapshot).close();
      awaitSessions(1);
    }
  }

  /** The pool has a session for the snapshot and one for all reads: it must be free in between. */
  @Test
  void behindAPoolerNoneWaits() throws Exception {
    try (TestingPoolingProxy pooler = new TestingPoolingProxy(database.url(), 2)) {
      Database pooled = at(pooler.url(database.url()));
      try (Snapshot snapshot = snapshot(pooled)) {
        snapshot.keepReaders(pooled, NAME);
        ReadSessions.open(pooled, snapshot.importStatements(), NAME).close();
        try (Connection another = pooled.connect(NAME)) {
          assertThat(number(another, "SELECT count(*) FROM t")).isEqualTo(1);
        }
      }
      assertThat(pooler.leftInTransaction()).isZero();
    }
  }
}
