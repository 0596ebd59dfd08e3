package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.postgres.ledger.WriteCounts;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A batch that is refused for its data is halved down to the rows at fault, and no further. */
class RejectedRowsTest {
  private static final String RAISE =
      "CREATE FUNCTION no_thirteen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.b % 100 = 13 THEN"
          + " RAISE EXCEPTION 'thirteen\nis refused'; END IF; RETURN NEW; END $$; ";

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

  private BatchWriter writer(long allowed) {
    return new BatchWriter(
        TestingWriter.under(
            TestingWriter.pairs(TestingWriter.database(database)),
            new RejectionRules(List.of(), Parents.UNKNOWN, false, allowed, 0)),
        TestingWriter.APPLICATION_NAME);
  }

  /** Rows of one batch, whoever is refused. */
  private WriteCounts write(long... values) throws SQLException {
    try (BatchWriter writer = writer(values.length)) {
      Batch batch = writer.newBatch();
      for (long b : values) {
        batch.add(0, 1L);
        batch.add(1, b);
      }
      writer.write(batch);
      return writer.counts();
    }
  }

  private List<Long> written() throws SQLException {
    return database.rows("SELECT b FROM t ORDER BY b").stream()
        .map(row -> (Long) row.get(0))
        .toList();
  }

  /** A sequence keeps what a savepoint takes back. */
  private void countTries() throws SQLException {
    database.execute(
        "CREATE SEQUENCE tries",
        "CREATE FUNCTION count_try() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN PERFORM nextval('tries'); RETURN NULL; END $$",
        "CREATE TRIGGER count_try BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION count_try()");
  }

  private long tries() throws SQLException {
    return database.count("SELECT last_value FROM tries");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES p|23503|c|violates foreign key constraint",
        "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES p DEFERRABLE INITIALLY DEFERRED"
            + "|23503|c|violates foreign key constraint",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (b <> 13)|23514|c|violates check constraint",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (100 / (b - 13) IS NOT NULL)|22012||division by zero",
        "CREATE TRIGGER c BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no_thirteen()"
            + "|P0001||thirteen; is refused",
        "CREATE CONSTRAINT TRIGGER c AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
            + " EXECUTE FUNCTION no_thirteen()|P0001||thirteen; is refused",
        "ALTER TABLE t ADD d smallint GENERATED ALWAYS AS (CASE b WHEN 13 THEN 40000 ELSE b END) STORED"
            + "|22003||smallint out of range",
      })
  void theRowAtFaultIsFoundAndNamed(String fault, String state, String constraint, String reason)
      throws SQLException {
    database.execute(
        "CREATE TABLE p (id bigint PRIMARY KEY); INSERT INTO p SELECT i FROM generate_series(0, 29) i WHERE i <> 13",
        RAISE,
        fault);

    WriteCounts counts = write(LongStream.range(0, 30).toArray());

    assertThat(written()).hasSize(29).doesNotContain(13L);
    assertThat(counts.rejections())
        .singleElement()
        .satisfies(
            rejection -> {
              assertThat(rejection.reason()).contains(reason).doesNotContain("\n", "Detail");
              assertThat(rejection.sqlState()).isEqualTo(state);
              assertThat(rejection.constraint()).isEqualTo(constraint);
              assertThat(rejection.key()).containsExactly("1", "13");
            });
    assertThat(List.of(counts.rows(), counts.changed(), counts.left(), counts.rejected()))
        .containsExactly(30L, 29L, 0L, 1L);
    assertThat(counts.rejectedKeys()).containsExactly(List.of("1", "13"));
    assertThat(counts.retries()).isZero();
  }

  @Test
  void exactlyTheBadOnesOfAMixedBatchAreOut() throws SQLException {
    long seed = Long.getLong("backfill.seed", new Random().nextLong());
    System.out.println("RejectedRowsTest: backfill.seed=" + seed);
    Random random = new Random(seed);
    database.execute(
        "ALTER TABLE t ADD CONSTRAINT seven CHECK (b % 7 <> 0)",
        RAISE,
        "CREATE CONSTRAINT TRIGGER c AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
            + " EXECUTE FUNCTION no_thirteen()");
    TreeSet<Long> there = new TreeSet<>(List.of(1L, 2L, 3L));
    TreeSet<Long> given = new TreeSet<>();
    random.longs(200, 0, 1000).forEach(given::add);
    database.execute("INSERT INTO t VALUES (1, 1), (1, 2), (1, 3)");

    WriteCounts counts = write(given.stream().mapToLong(Long::longValue).toArray());

    TreeSet<Long> good = new TreeSet<>(given);
    good.removeIf(b -> b % 7 == 0 || b % 100 == 13);
    TreeSet<Long> bad = new TreeSet<>(given);
    bad.removeAll(good);
    assertThat(counts.rejectedKeys())
        .containsExactlyInAnyOrderElementsOf(
            bad.stream().map(b -> List.of("1", Long.toString(b))).toList());
    assertThat(counts.changed() + counts.left() + counts.rejected()).isEqualTo(given.size());
    TreeSet<Long> expected = new TreeSet<>(good);
    expected.addAll(there);
    assertThat(written()).containsExactlyElementsOf(expected);
    assertThat(counts.left()).isEqualTo(good.stream().filter(there::contains).count());
  }

  @Test
  void oneBadRowOfManyIsFoundByHalving() throws SQLException {
    countTries();
    database.execute("ALTER TABLE t ADD CONSTRAINT c CHECK (b <> 17171)");

    WriteCounts counts = write(LongStream.range(0, 25_000).toArray());

    assertThat(counts.rejectedKeys()).containsExactly(List.of("1", "17171"));
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(24_999);
    // 2 log₂ 25000 is 29.2; COPY and the first try come before it, and a first batch goes in
    // pieces.
    assertThat(tries()).isBetween(16L, 40L);
    assertThat(counts.statements()).isEqualTo(tries());
  }

  @Test
  void aBatchOfBadRowsCostsTwoTriesForEach() throws SQLException {
    countTries();
    database.execute("ALTER TABLE t ADD CONSTRAINT c CHECK (b < 0)");

    WriteCounts counts = write(LongStream.range(0, 500).toArray());

    assertThat(tries()).isEqualTo(1 + 2 * 500 - 1);
    assertThat(written()).isEmpty();
    assertThat(counts.rejected()).isEqualTo(500);
    assertThat(counts.rejectedKeys()).hasSize(500);
    assertThat(counts.rejections()).hasSize(WriteCounts.REJECTIONS_KEPT);
  }

  @Test
  void aBatchWithoutABadRowIsOneStatement() throws SQLException {
    countTries();

    assertThat(write(1, 2, 3).statements()).isOne();
    assertThat(tries()).isOne();
  }

  @Test
  void withinTheLimitTheWriterGoesOnAndBeyondItStopsAfterTheBatch() throws SQLException {
    database.execute("ALTER TABLE t ADD CONSTRAINT odd CHECK (b % 10 <> 3)");
    try (BatchWriter writer = writer(2)) {
      writer.write(TestingWriter.batch(writer, 1, 0, 10));
      writer.write(TestingWriter.batch(writer, 1, 10, 20));
      assertThat(writer.counts().rejected()).isEqualTo(2);

      assertThatThrownBy(() -> writer.write(TestingWriter.batch(writer, 1, 20, 50)))
          .isInstanceOf(TooManyRejectedException.class)
          .hasMessage(
              "5 rows were rejected, and limits.rejected-rows allows 2; the first one, (1, 3): new row for relation"
                  + " \"t\" violates check constraint \"odd\" (SQLSTATE 23514)");
    }
    assertThat(written()).hasSize(45);
  }

  @Test
  void rowsThatEarlierStepsRejectedCount() throws SQLException {
    database.execute("ALTER TABLE t ADD CONSTRAINT odd CHECK (b <> 3)");
    WriteTarget target =
        TestingWriter.under(
            TestingWriter.pairs(TestingWriter.database(database)),
            new RejectionRules(List.of(), Parents.UNKNOWN, false, 7, 7));
    try (BatchWriter writer = new BatchWriter(target, TestingWriter.APPLICATION_NAME)) {
      assertThatThrownBy(() -> writer.write(TestingWriter.batch(writer, 1, 0, 10)))
          .hasMessageStartingWith("8 rows were rejected, and limits.rejected-rows allows 7;");
    }
  }
}
