package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.ledger.WriteCounts;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A batch that a slow table takes piece by piece, in one transaction, and one that it takes whole.
 */
class PieceSizeTest {
  private static final int ROWS = 2_000;

  private final List<Long> heard = new ArrayList<>();
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE t (a bigint, b bigint, PRIMARY KEY (a, b))",
        "CREATE TABLE statement (xid xid8)",
        """
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN INSERT INTO statement VALUES (pg_current_xact_id()); RETURN NULL; END $$
        """,
        "CREATE TRIGGER note AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION note()");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  /** From here on 500 rows take more than a second. */
  private void slow(String when) throws SQLException {
    database.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END $$",
        "CREATE TRIGGER slow " + when + " INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()");
  }

  private WriteCounts write(WriteProtocol protocol) throws SQLException {
    WriteTarget target = TestingWriter.pairs(TestingWriter.database(database));
    try (BatchWriter writer =
        new BatchWriter(
            new WriteTarget(
                new WriteTarget.Where(target.database(), target.table()),
                new WriteTarget.WrittenColumns(target.columns(), target.key(), target.touched()),
                new WriteTarget.Conflict(target.onConflict(), target.owned(), target.newRows()),
                target.operation(),
                protocol,
                target.cascades(),
                new WriteTarget.Timeouts(
                    target.lockTimeout(), target.statementTimeout(), target.retryFor()),
                RejectionRules.STRICT),
            TestingWriter.APPLICATION_NAME)) {
      writer.watch(heard::add);
      Batch batch = writer.newBatch();
      for (long row = 1; row <= ROWS; row++) {
        batch.add(0, row);
        batch.add(1, ROWS + 1 - row);
      }
      writer.write(batch);
      return writer.counts();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"COPY", "UNNEST"})
  void rowsThatAreSlowAreHeardOfAsTheyCome(WriteProtocol protocol) throws SQLException {
    slow(protocol == WriteProtocol.COPY ? "AFTER" : "BEFORE");

    WriteCounts counts = write(protocol);

    assertThat(counts.changed()).isEqualTo(ROWS);
    assertThat(heard).isSorted().startsWith(500L).endsWith((long) ROWS).hasSizeGreaterThan(3);
    assertThat(database.count("SELECT count(DISTINCT xid::text) FROM statement")).isOne();
    assertThat(database.count("SELECT count(*) FROM statement")).isEqualTo(counts.statements());
  }

  @Test
  void rowsThatAreQuickGoTogetherOnceThatIsKnown() {
    PieceSize pieces = new PieceSize(heard::add);

    pieces.send(40_000, (from, to) -> {});
    assertThat(heard).containsExactly(500L, 40_000L);
    assertThat(pieces.isOne(40_000)).isTrue();
  }

  /** Pieces would each pay for it again. */
  @Test
  void rowsGoTogetherWhereTheStatementItselfIsSlow() throws SQLException {
    database.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END $$",
        "CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION slow()");
    PieceSize pieces = new PieceSize(heard::add);
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      pieces.send(
          1_500,
          (from, to) ->
              statement.execute(
                  "INSERT INTO t SELECT g, g FROM generate_series(%d, %d - 1) g"
                      .formatted(from, to)));
    }

    assertThat(heard).hasSize(3);
    assertThat(pieces.isOne(10_000)).isTrue();
  }

  @Test
  void conflictAndMissingParentsCountAsInOneStatement() throws SQLException {
    database.execute(
        "CREATE TABLE p (a bigint PRIMARY KEY)",
        "INSERT INTO p SELECT generate_series(1, 2000)",
        "DELETE FROM p WHERE a IN (7, 1999)",
        "INSERT INTO t VALUES (1000, 1001)",
        "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES p");

    WriteTarget target = TestingWriter.pairs(TestingWriter.database(database));
    try (BatchWriter writer =
        new BatchWriter(
            TestingWriter.under(
                target, new RejectionRules(List.of(), Parents.UNKNOWN, false, 10, 0)),
            TestingWriter.APPLICATION_NAME)) {
      Batch batch = writer.newBatch();
      for (long row = 1; row <= ROWS; row++) {
        batch.add(0, row);
        batch.add(1, ROWS + 1 - row);
      }
      writer.write(batch);

      assertThat(writer.counts().changed()).isEqualTo(ROWS - 3);
      assertThat(writer.counts().left()).isOne();
      assertThat(writer.counts().rejectedKeys())
          .containsExactlyInAnyOrder(List.of("2", "1999"), List.of("1994", "7"));
    }
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(ROWS - 2);
  }

  /** The first row needs the last one, which only comes with the last piece. */
  @ParameterizedTest
  @ValueSource(strings = {"COPY", "UNNEST"})
  void rowsThatNeedEachOtherGoTogetherAllTheSame(WriteProtocol protocol) throws SQLException {
    database.execute(
        "ALTER TABLE t ADD UNIQUE (a)", "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES t (a)");

    WriteCounts counts = write(protocol);

    assertThat(counts.changed()).isEqualTo(ROWS);
    assertThat(counts.rejected()).isZero();
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(ROWS);
  }
}
