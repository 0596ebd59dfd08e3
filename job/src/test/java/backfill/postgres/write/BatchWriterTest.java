package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Operation;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.lang.reflect.Field;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One batch, one transaction: what is in, what is counted, and what the server saw. */
class BatchWriterTest {
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute("CREATE TABLE t (a bigint, b bigint, PRIMARY KEY (a, b))");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private BatchWriter writer() {
    return new BatchWriter(
        TestingWriter.pairs(TestingWriter.database(database)), TestingWriter.APPLICATION_NAME);
  }

  @Test
  void conflictsAreIgnoredAndCounted() throws SQLException {
    database.execute("INSERT INTO t VALUES (1, 2)");
    try (BatchWriter writer = writer()) {
      Batch batch = TestingWriter.batch(writer, 1, 1, 4);
      batch.add(0, 1L);
      batch.add(1, 1L);
      writer.write(batch);

      assertThat(writer.counts().rows()).isEqualTo(4);
      assertThat(writer.counts().changed()).isEqualTo(2);
      assertThat(writer.counts().left()).isEqualTo(2);
      // COPY met a key that was there; the second one was the INSERT.
      assertThat(writer.counts().statements()).isEqualTo(2);
      assertThat(writer.counts().retries()).isZero();
    }
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(3);
  }

  @Test
  void eachBatchIsATransactionOfItsOwn() throws SQLException {
    try (BatchWriter writer = writer()) {
      writer.write(TestingWriter.batch(writer, 1, 0, 10));
      writer.write(TestingWriter.batch(writer, 2, 0, 10));
      writer.write(writer.newBatch());

      assertThat(writer.counts().statements()).isEqualTo(2);
    }
    assertThat(database.count("SELECT count(DISTINCT xmin::text) FROM t")).isEqualTo(2);
    assertThat(database.count("SELECT count(DISTINCT xmin::text) FROM t WHERE a = 1")).isOne();
  }

  @Test
  void serverSeesOurNameAndTheLimitsOfTheTransactionAlone() throws Exception {
    database.execute(
        """
        CREATE TABLE seen (name text, lock_wait text, statement text, policies text);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            INSERT INTO seen VALUES (current_setting('application_name'), current_setting('lock_timeout'),
                                     current_setting('statement_timeout'), current_setting('row_security'));
            RETURN NULL;
          END $$;
        CREATE TRIGGER note AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION note()
        """);
    try (BatchWriter writer = writer()) {
      writer.write(TestingWriter.batch(writer, 1, 0, 1));

      assertThat(database.rows("SELECT * FROM seen"))
          .containsExactly(List.of(TestingWriter.APPLICATION_NAME, "5s", "30s", "off"));
      assertThat(sessionSettings(writer)).containsExactly("0", "0", "off");
    }
  }

  /** Settings outlive a transaction only in its session, which nobody but the writer has. */
  private static List<String> sessionSettings(BatchWriter writer) throws Exception {
    Field field = BatchWriter.class.getDeclaredField("transactions");
    field.setAccessible(true);
    return Inquiry.rows(
        ((BatchTransactions) field.get(writer)).open(),
        "SELECT current_setting(name) FROM unnest(ARRAY['lock_timeout', 'statement_timeout', 'row_security']) name",
        row -> row.getString(1));
  }

  @Test
  void deferredForeignKeyIsFoundBeforeTheCommit() throws SQLException {
    database.execute(
        "CREATE TABLE parent (id bigint PRIMARY KEY)",
        "INSERT INTO parent VALUES (1)",
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES parent DEFERRABLE INITIALLY DEFERRED");
    try (BatchWriter writer = writer()) {
      writer.write(TestingWriter.batch(writer, 1, 0, 2));
      Batch bad = TestingWriter.batch(writer, 1, 2, 4);
      bad.add(0, 7L);
      bad.add(1, 7L);

      assertThatThrownBy(() -> writer.write(bad))
          .isInstanceOf(TooManyRejectedException.class)
          .hasMessage(
              "1 row was rejected, and limits.rejected-rows allows 0; the first one, (7, 7): insert or update on"
                  + " table \"t\" violates foreign key constraint \"t_a_fkey\" (SQLSTATE 23503)");
      assertThat(writer.counts().rows()).isEqualTo(5);
      assertThat(writer.counts().retries()).isZero();
    }
    assertThat(database.count("SELECT count(*) FROM t WHERE a = 1")).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource({
    "SELECT nope(), 42883",
    "SELECT 1 FROM no_such_table, 42P01",
    "RAISE SQLSTATE '57014', 57014",
    "RAISE SQLSTATE '42501', 42501",
  })
  void whatDoesNotPassIsNotTriedAgain(String statement, String state) throws SQLException {
    database.execute(
        "CREATE TABLE fails (b bigint)",
        "CREATE SEQUENCE attempts",
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('attempts'); "
            + statement.replace("SELECT nope", "PERFORM nope").replace("SELECT 1", "PERFORM 1")
            + "; RETURN NEW; END $$",
        "CREATE TRIGGER fail BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fail()");
    try (BatchWriter writer = writer()) {
      SQLException failure =
          catchThrowableOfType(
              SQLException.class, () -> writer.write(TestingWriter.batch(writer, 1, 0, 1)));

      assertThat(failure.getSQLState()).isEqualTo(state);
      assertThat(failure.getSuppressed()).isEmpty();
    }
    assertThat(database.count("SELECT last_value FROM attempts")).isOne();
  }

  @Test
  void slowStatementIsEndedByTheServerAndNotTriedAgain() throws SQLException {
    database.execute(
        "CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$",
        "CREATE TRIGGER sleep BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION sleep()");
    WriteTarget patient = TestingWriter.pairs(TestingWriter.database(database));
    WriteTarget hasty =
        new WriteTarget(
            new WriteTarget.Where(patient.database(), patient.table()),
            new WriteTarget.WrittenColumns(patient.columns(), patient.key()),
            WriteTarget.Conflict.of(patient.onConflict()),
            patient.operation(),
            new WriteTarget.Timeouts(
                patient.lockTimeout(), Duration.ofMillis(200), patient.retryFor()),
            RejectionRules.STRICT);
    try (BatchWriter writer = new BatchWriter(hasty, TestingWriter.APPLICATION_NAME)) {
      assertThatThrownBy(() -> writer.write(TestingWriter.batch(writer, 1, 0, 1)))
          .hasMessageContaining("canceling statement due to statement timeout")
          .hasNoSuppressedExceptions();
    }
  }

  @Test
  void valueThatDoesNotFitIsRefusedAndNotCut() throws SQLException {
    database.execute("CREATE TABLE s (id smallint PRIMARY KEY, name varchar(3), code bpchar(2))");
    try (BatchWriter writer = new BatchWriter(smallTarget(), TestingWriter.APPLICATION_NAME)) {
      assertThat(stateOf(writer, 1L, "four", "ab")).isEqualTo("22001");
      assertThat(stateOf(writer, 1L, "six", "abc")).isEqualTo("22001");
      assertThat(stateOf(writer, 40_000L, "six", "ab")).isEqualTo("22003");
      assertThat(stateOf(writer, 1.5, "six", "ab")).isEqualTo("22P02");
      assertThat(stateOf(writer, "one", "six", "ab")).isEqualTo("22P02");
    }
    try (BatchWriter writer = new BatchWriter(smallTarget(), TestingWriter.APPLICATION_NAME)) {
      assertThat(stateOf(writer, "1", "six", "ab")).isNull();
    }
    assertThat(database.rows("SELECT * FROM s")).containsExactly(List.of(1, "six", "ab"));
  }

  private WriteTarget smallTarget() {
    return new WriteTarget(
        new WriteTarget.Where(TestingWriter.database(database), new TableName("public", "s")),
        new WriteTarget.WrittenColumns(
            List.of(
                new TargetColumn("id", "smallint"),
                new TargetColumn("name", "character varying"),
                new TargetColumn("code", "bpchar")),
            List.of("id")),
        WriteTarget.Conflict.of("ON CONFLICT (\"id\")"),
        Operation.INSERT_MISSING,
        new WriteTarget.Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ZERO),
        RejectionRules.STRICT);
  }

  private static String stateOf(BatchWriter writer, Object... row) {
    Batch batch = writer.newBatch();
    for (int i = 0; i < row.length; i++) {
      batch.add(i, row[i]);
    }
    try {
      writer.write(batch);
      return null;
    } catch (TooManyRejectedException e) {
      return writer.counts().rejections().get(writer.counts().rejections().size() - 1).sqlState();
    } catch (SQLException e) {
      return e.getSQLState();
    }
  }
}
