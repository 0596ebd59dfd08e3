package backfill.postgres.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.server.Database;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TableName;
import backfill.postgres.write.Batch;
import backfill.postgres.write.BatchWriter;
import backfill.postgres.write.Parents;
import backfill.postgres.write.RejectionRules;
import backfill.postgres.write.TestingWriter;
import backfill.postgres.write.WriteTarget;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which keys the ledger keeps of a batch: exactly those of the rows that it changed. */
class KeptKeysTest {
  private static final String NAME = "test";
  private static final Keeping KEYS = new Keeping(true, false, List.of(), 1 << 20);

  private TestingDatabase testing;
  private Database database;
  private Ledger ledger;
  private Lease lease;

  @BeforeEach
  void create() throws SQLException {
    testing = TestingPostgres.shared().createDatabase();
    testing.execute("CREATE TABLE t (a bigint, b bigint CHECK (b <> 13), PRIMARY KEY (a, b))");
    database = TestingWriter.database(testing);
    UUID runId = UUID.randomUUID();
    ledger = new Ledger(database, NAME, "backfill", runId);
    ledger.create();
    ledger.begin(
        new RunLedger.Beginning(
            runId, "p", "hash", "2026-01-01 00:00:00+00", "{\"label\":\"x\"}", null));
    lease = Lease.take(database, NAME, "backfill", runId, Duration.ofHours(1), List.of("plan p"));
  }

  @AfterEach
  void drop() throws SQLException {
    lease.close();
    ledger.close();
    testing.close();
  }

  private BatchWriter writer(WriteTarget target, Keeping keeping) {
    return new BatchWriter(
        target, NAME, ledger.slot("step", lease).forPartition(0).keeping(keeping));
  }

  private List<ChangedRows> kept() throws SQLException {
    List<ChangedRows> kept = new ArrayList<>();
    for (List<Object> row :
        testing.rows("SELECT keys FROM backfill.batch ORDER BY committed_at, after_key")) {
      kept.add(row.get(0) == null ? null : PackedRows.unpack((byte[]) row.get(0)));
    }
    return kept;
  }

  private static List<String> texts(ChangedRows rows) {
    return IntStream.range(0, rows.size()).mapToObj(i -> String.join(",", rows.key(i))).toList();
  }

  @Test
  void copiedRowsAreAllKept() throws SQLException {
    try (BatchWriter writer = writer(TestingWriter.pairs(database), KEYS)) {
      writer.write(TestingWriter.batch(writer, 1, 0, 3));
    }
    assertThat(texts(kept().get(0))).containsExactly("1,0", "1,1", "1,2");
    assertThat(
            testing.rows("SELECT target, event, first_key, final_key, changed FROM backfill.batch"))
        .containsExactly(List.of("\"public\".\"t\"", "INSERT", 1L, 1L, 3L));
  }

  /** Rows 3 and 4 are there, 13 is refused, and 7 is swallowed: none of them is the run's. */
  @Test
  void rowsThatWereThereOrRefusedOrSwallowedAreNotKept() throws SQLException {
    testing.execute(
        "INSERT INTO t VALUES (1, 3), (1, 4)",
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN IF NEW.b = 7 THEN RETURN NULL; END IF; RETURN NEW; END'",
        "CREATE TRIGGER swallow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION swallow()");
    WriteTarget lenient =
        TestingWriter.under(
            TestingWriter.pairs(database),
            new RejectionRules(List.of(), Parents.UNKNOWN, true, 10, 0));
    try (BatchWriter writer = writer(lenient, KEYS)) {
      writer.write(TestingWriter.batch(writer, 1, 0, 20));
      assertThat(writer.counts().changed()).isEqualTo(16);
      assertThat(writer.counts().left()).isEqualTo(2);
      assertThat(writer.counts().leftKeys()).isEmpty();
    }
    Set<String> own =
        Set.copyOf(
            testing.rows("SELECT a || ',' || b FROM t WHERE b NOT IN (3, 4)").stream()
                .map(row -> (String) row.get(0))
                .toList());
    assertThat(texts(kept().get(0))).containsExactlyInAnyOrderElementsOf(own).hasSize(16);
  }

  @Test
  void whatRowsHeldIsKeptForUndoAsTheServerHasIt() throws SQLException {
    testing.execute(
        "CREATE TABLE prices (id integer PRIMARY KEY, price numeric, touched text)",
        "INSERT INTO prices VALUES (1, 1.50, 'a'), (2, 2, NULL), (3, 3, 'c')");
    List<TargetColumn> columns =
        List.of(
            new TargetColumn("id", "integer"),
            new TargetColumn("price", "numeric"),
            new TargetColumn("touched", "text"));
    WriteTarget setting =
        new WriteTarget(
            new WriteTarget.Where(database, new TableName("public", "prices")),
            new WriteTarget.WrittenColumns(columns, List.of("id"), Set.of("touched")),
            WriteTarget.Conflict.of(""),
            Operation.COMPARE_AND_SET,
            new WriteTarget.Timeouts(
                Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofSeconds(5)),
            RejectionRules.STRICT);
    try (BatchWriter writer =
        writer(setting, new Keeping(true, true, columns.subList(1, 3), 1 << 20))) {
      Batch batch = writer.newBatch();
      for (Object[] row :
          new Object[][] {
            {1L, "10", "now", "1.5"}, {2L, "20", "now", "2"}, {3L, "30", "now", "99"}
          }) {
        for (int i = 0; i < row.length; i++) {
          batch.add(i, row[i]);
        }
      }
      writer.write(batch);
      assertThat(writer.counts().changed()).isEqualTo(2);
    }
    ChangedRows rows = kept().get(0);
    assertThat(texts(rows)).containsExactly("1", "2");
    List<ChangedRows.Kept> before = rows.columns(ChangedRows.Role.BEFORE);
    assertThat(before.stream().map(column -> column.text(0))).containsExactly("1.50", "a");
    assertThat(before.stream().map(column -> column.text(1))).containsExactly("2", null);
    assertThat(rows.columns(ChangedRows.Role.AFTER).stream().map(column -> column.text(1)))
        .containsExactly("20", "now");
  }

  @Test
  void beyondItsBytesNothingIsKeptAndItIsTold() throws SQLException {
    try (BatchWriter writer =
        writer(TestingWriter.pairs(database), new Keeping(true, false, List.of(), 60))) {
      writer.write(TestingWriter.batch(writer, 1, 20, 22));
      writer.write(TestingWriter.batch(writer, 2, 20, 5020));
    }
    assertThat(kept()).hasSize(2);
    assertThat(kept().get(0)).isNotNull();
    assertThat(kept().get(1)).isNull();
    assertThat(ledger.keptBytes("step").without()).isEqualTo(5000);
  }

  @Test
  void historyNamesTheRunAndItsLabel() throws SQLException {
    try (BatchWriter writer = writer(TestingWriter.pairs(database), KEYS);
        Connection connection = database.connect(NAME)) {
      writer.write(TestingWriter.batch(writer, 1, 20, 30));
      writer.write(TestingWriter.batch(writer, 5, 20, 30));
      TableName t = new TableName("public", "t");
      List<KeyHistory.Happened> happened =
          KeyHistory.of(connection, "backfill", t, Map.of("b", "29", "a", "5"));
      assertThat(happened).hasSize(1);
      assertThat(happened.get(0).event()).isEqualTo(RowEvent.INSERT);
      assertThat(happened.get(0).run().labels()).isEqualTo("{\"label\": \"x\"}");
      assertThat(KeyHistory.of(connection, "backfill", t, Map.of("b", "31", "a", "5"))).isEmpty();
      assertThat(KeyHistory.of(connection, "backfill", t, Map.of("b", "29"))).isEmpty();
    }
  }

  /** Tables of an earlier version get the new columns, and keep their rows. */
  @Test
  void tablesOfAnEarlierVersionAreBroughtUpToDate() throws SQLException {
    testing.execute(
        "ALTER TABLE backfill.batch DROP COLUMN keys, DROP COLUMN target, DROP COLUMN event",
        "ALTER TABLE backfill.run DROP COLUMN undoes, DROP COLUMN keys_pruned");
    ledger.create();
    assertThat(testing.count("SELECT count(*) FROM backfill.run WHERE undoes IS NULL")).isOne();
    assertThat(testing.count("SELECT count(*) FROM backfill.batch WHERE keys IS NULL")).isZero();
  }
}
