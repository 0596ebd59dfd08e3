package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.Rejection;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.server.TableName;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A row that a BEFORE trigger drops without a word is neither written nor somebody else's. */
class SuppressedRowsTest {
  private static final RejectionRules MAY_SWALLOW =
      new RejectionRules(List.of(), Parents.UNKNOWN, true, 10, 0);

  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE t (a bigint, b bigint, CONSTRAINT k UNIQUE (a, b))",
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN RETURN CASE WHEN NEW.b % 10 = 3 THEN NULL ELSE NEW END; END $$",
        "CREATE TRIGGER swallow BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION swallow()");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private WriteCounts write(WriteTarget target, Object[]... rows) throws SQLException {
    try (BatchWriter writer = new BatchWriter(target, TestingWriter.APPLICATION_NAME)) {
      Batch batch = writer.newBatch();
      for (Object[] row : rows) {
        for (int i = 0; i < row.length; i++) {
          batch.add(i, row[i]);
        }
      }
      writer.write(batch);
      return writer.counts();
    }
  }

  private static Object[] row(Object... values) {
    return values;
  }

  private WriteTarget inserting(RejectionRules rules) {
    return TestingWriter.under(TestingWriter.pairs(TestingWriter.database(database)), rules);
  }

  @Test
  void anInsertThatATriggerSwallowsIsNoConflict() throws SQLException {
    database.execute("INSERT INTO t VALUES (1, 1)");

    WriteCounts counts =
        write(inserting(MAY_SWALLOW), row(1L, 1L), row(1L, 2L), row(1L, 3L), row(1L, 13L));

    assertThat(counts.changed()).isOne();
    assertThat(counts.left()).isOne();
    assertThat(counts.rejections())
        .containsExactly(
            new Rejection("suppressed", null, null, List.of("1", "3")),
            new Rejection("suppressed", null, null, List.of("1", "13")));
    assertThat(counts.rejectedForTheData()).isEqualTo(2);
    // COPY met the key that was there; then the INSERT, and the question.
    assertThat(counts.statements()).isEqualTo(3);
  }

  @Test
  void whereNoTriggerMaySwallowNobodyAsks() throws SQLException {
    database.execute("DROP TRIGGER swallow ON t", "INSERT INTO t VALUES (1, 3)");

    WriteCounts counts = write(inserting(RejectionRules.STRICT), row(1L, 2L), row(1L, 3L));

    assertThat(counts.left()).isOne();
    // COPY and the INSERT: no third one asks.
    assertThat(counts.statements()).isEqualTo(2);
  }

  @Test
  void aNullThatIsAValueOfTheKeyIsFoundAgain() throws SQLException {
    assumeTrue(
        database.count("SELECT current_setting('server_version_num')::int") >= 150_000,
        "NULLS NOT DISTINCT came with PostgreSQL 15");
    database.execute(
        "ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k UNIQUE NULLS NOT DISTINCT (a, b)",
        "INSERT INTO t VALUES (NULL, 1)");

    WriteCounts counts = write(inserting(MAY_SWALLOW), row(null, 1L), row(null, 3L));

    assertThat(counts.left()).isOne();
    assertThat(counts.rejections()).extracting(Rejection::reason).containsExactly("suppressed");
  }

  private WriteTarget setting() {
    return new WriteTarget(
        new WriteTarget.Where(TestingWriter.database(database), new TableName("public", "t")),
        new WriteTarget.WrittenColumns(
            List.of(new TargetColumn("a", "bigint"), new TargetColumn("b", "bigint")),
            List.of("a")),
        WriteTarget.Conflict.of(""),
        Operation.COMPARE_AND_SET,
        new WriteTarget.Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ZERO),
        MAY_SWALLOW);
  }

  @Test
  void anUpdateThatATriggerSwallowsIsNobodysChange() throws SQLException {
    database.execute("INSERT INTO t VALUES (1, 0), (2, 0), (3, 5)");

    WriteCounts counts = write(setting(), row(1L, 8L, 0L), row(2L, 3L, 0L), row(3L, 8L, 0L));

    assertThat(counts.changed()).isOne();
    assertThat(counts.rejections())
        .containsExactly(new Rejection("suppressed", null, null, List.of("2")));
    assertThat(counts.left()).isOne();
    assertThat(counts.leftKeys()).containsExactly(List.of("3"));
  }

  @Test
  void anUpdateThatACheckRefusesIsRejectedAndTheOthersAreSet() throws SQLException {
    database.execute(
        "INSERT INTO t VALUES (1, 0), (2, 0), (4, 0)",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (b <> 9)");

    WriteCounts counts = write(setting(), row(1L, 8L, 0L), row(2L, 9L, 0L), row(4L, 7L, 0L));

    assertThat(counts.changed()).isEqualTo(2);
    assertThat(counts.left()).isZero();
    assertThat(counts.rejections()).extracting(Rejection::constraint).containsExactly("c");
    assertThat(database.rows("SELECT b FROM t ORDER BY a"))
        .containsExactly(List.of(8L), List.of(0L), List.of(7L));
  }
}
