package backfill.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.Database;
import backfill.postgres.server.TestingPreflight;
import backfill.postgres.snapshot.Snapshot;
import backfill.postgres.write.Target;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A role with rights on columns alone, from preflight to the rows that a reader gets. */
@ExtendWith(TestingPreflight.Dropped.class)
class ColumnGrantsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final TestingPreflight world = TestingPreflight.pairs();
  private final String role = world.role();
  private final Database ours = world.as(role);

  private void grantColumns() {
    world.execute(
        "GRANT SELECT (object_id, user_id) ON direct TO " + role,
        "GRANT SELECT (object_id, group_id) ON through TO " + role,
        "GRANT SELECT (group_id, user_id) ON members TO " + role,
        "GRANT SELECT (object_id, user_id), INSERT (object_id, user_id) ON access TO " + role,
        "GRANT USAGE ON SEQUENCE access_id_seq TO " + role);
  }

  @Test
  void isReadyHoldsEveryTableAndReadsTheSnapshot() throws SQLException {
    grantColumns();
    world.execute("INSERT INTO direct VALUES (1, 10, 20, 'x'), (2, 11, 21, 'y')");
    PreflightResult ready = world.ready(ours);
    assertThat(ready.warnings()).isEmpty();
    assertThat(tables(ready))
        .noneMatch(Table::ctidReadable)
        .noneMatch(Table::whollyReadable)
        .hasSize(4);
    try (Snapshot snapshot = export(tables(ready))) {
      world.execute("INSERT INTO direct VALUES (3, 12, 22, 'z')");
      assertThat(pairs(snapshot, ready.sources().get("direct"))).containsExactly("10 20", "11 21");
      for (Table table : tables(ready)) {
        assertThatThrownBy(() -> truncate(table.name().quoted()))
            .as(table.name().toString())
            .hasMessageContaining("canceling statement due to lock timeout");
      }
    }
    truncate("direct, through, members, access");
  }

  @Test
  void theSnapshotIsNoOlderThanATruncateThatItWaitedFor() throws SQLException {
    grantColumns();
    world.execute("INSERT INTO direct VALUES (1, 10, 20, 'x')");
    PreflightResult ready = world.ready(ours);
    CompletableFuture<Snapshot> exported;
    try (Connection other = world.admin().connect("other");
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("TRUNCATE direct");
      exported = CompletableFuture.supplyAsync(() -> exportUnchecked(tables(ready)));
      awaitAWaiter();
      statement.execute("INSERT INTO direct VALUES (2, 11, 21, 'y')");
      other.commit();
    }
    try (Snapshot snapshot = exported.join()) {
      assertThat(pairs(snapshot, ready.sources().get("direct"))).containsExactly("11 21");
    }
  }

  @Test
  void aPartitionIsHeldWithItsTable() throws SQLException {
    grantColumns();
    world.execute(
        "DROP TABLE direct",
        "CREATE TABLE direct (object_id int, user_id int) PARTITION BY LIST (object_id)",
        "CREATE TABLE direct_ten PARTITION OF direct FOR VALUES IN (10)",
        "INSERT INTO direct VALUES (10, 20)",
        "GRANT SELECT (object_id, user_id) ON direct TO " + role);
    PreflightResult ready = world.ready(ours);
    try (Snapshot snapshot = export(tables(ready))) {
      assertThatThrownBy(() -> truncate("direct_ten")).hasMessageContaining("lock timeout");
      assertThat(pairs(snapshot, ready.sources().get("direct"))).containsExactly("10 20");
    }
    truncate("direct_ten");
  }

  @Test
  void aRightOnCtidAloneGivesRangesAndNoLock() throws SQLException {
    grantColumns();
    world.execute("GRANT SELECT (ctid) ON direct TO " + role);
    Table direct = world.ready(ours).sources().get("direct");
    assertThat(direct.ctidReadable()).isTrue();
    assertThat(direct.whollyReadable()).isFalse();
    try (Snapshot snapshot = export(List.of(direct))) {
      assertThat(pairs(snapshot, direct)).isEmpty();
      assertThatThrownBy(() -> truncate("direct")).hasMessageContaining("lock timeout");
    }
  }

  @Test
  void aTableThatIsWorthSeveralConnectionsIsReadOverOneAndThatIsSaid() {
    grantColumns();
    world.execute(
        "INSERT INTO direct SELECT i, i, i, repeat('x', 200) FROM generate_series(1, 20000) i",
        "INSERT INTO access (object_id, user_id) SELECT i, i FROM generate_series(1, 100000) i");
    assertThat(world.ready(ours).warnings())
        .containsExactly(
            "source direct: direct is read over one connection; GRANT SELECT ON \"public\".\"direct\" TO \""
                + role
                + "\" to read it over several",
            "step fill: access is read over one connection; GRANT SELECT ON \"public\".\"access\" TO \""
                + role
                + "\" to read it over several");
    world.execute("GRANT SELECT ON direct TO " + role, "GRANT SELECT (ctid) ON access TO " + role);
    assertThat(world.ready(ours).warnings()).isEmpty();
  }

  @Test
  void theTransactionThatHoldsTheTablesTakesAConnectionMore() {
    grantColumns();
    world.execute("ALTER ROLE " + role + " CONNECTION LIMIT 5");
    assertThat(world.reasons(ours))
        .singleElement()
        .asString()
        .contains("6 connections are needed (the larger of 2 readers and 2 writers, and 4 more)");
    world.execute("GRANT SELECT ON direct, through, members, access TO " + role);
    assertThat(world.ready(ours).applies()).isTrue();
  }

  private static List<Table> tables(PreflightResult ready) {
    return Stream.concat(
            ready.sources().values().stream(), ready.targets().values().stream().map(Target::table))
        .toList();
  }

  private Snapshot export(List<Table> tables) throws SQLException {
    return Snapshot.export(ours, "test", tables, PATIENCE, Duration.ofMinutes(1));
  }

  private Snapshot exportUnchecked(List<Table> tables) {
    try {
      return export(tables);
    } catch (SQLException e) {
      throw new CompletionException(e);
    }
  }

  /** As a reader gets them: imported, and in the ranges of the table. */
  private List<String> pairs(Snapshot snapshot, Table table) throws SQLException {
    List<String> pairs = new ArrayList<>();
    for (String range : CtidRanges.of(table, 2)) {
      try (Connection reader = ours.connectForReading("test");
          Statement statement = reader.createStatement()) {
        reader.setAutoCommit(false);
        statement.execute(snapshot.importStatements());
        try (ResultSet rows =
            statement.executeQuery(
                "SELECT object_id || ' ' || user_id FROM "
                    + table.name().quoted()
                    + " WHERE "
                    + range
                    + " ORDER BY 1")) {
          while (rows.next()) {
            pairs.add(rows.getString(1));
          }
        }
      }
    }
    return pairs;
  }

  private void truncate(String tables) throws SQLException {
    try (Connection other = world.admin().connect("other");
        Statement statement = other.createStatement()) {
      statement.execute("SET lock_timeout = 100");
      statement.execute("TRUNCATE " + tables);
    }
  }

  private void awaitAWaiter() {
    String waiting =
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            + " WHERE d.datname = current_database() AND NOT l.granted";
    for (int i = 0; i < 500; i++) {
      if (!world.value(waiting).equals("0")) {
        return;
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    throw new AssertionError("nobody waits for the TRUNCATE");
  }
}
