package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.server.TableName;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows that are copied are the rows that were given, and what COPY refuses goes as arrays. */
class CopiedRowsTest {
  /** What means something to COPY's text format, to arrays, or to neither. */
  private static final String[] PIECES = {
    "\\", "\\N", "\\.", "\n", "\r", "\t", "\b", "{", "}", ",", "\"", "'", "NULL", " ", "ä", "𝄞",
    "x"
  };

  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, small smallint, flag boolean, word text, words text[], bytes bytea, at"
            + " timestamptz, doc jsonb, amount numeric(8, 2), ratio float8, code uuid UNIQUE)");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private WriteTarget target(WriteProtocol protocol, String... columns) {
    List<TargetColumn> all = new ArrayList<>();
    for (String column : columns) {
      String[] nameAndType = column.split(" ", 2);
      all.add(new TargetColumn(nameAndType[0], nameAndType[1]));
    }
    return new WriteTarget(
        new WriteTarget.Where(TestingWriter.database(database), new TableName("public", "t")),
        new WriteTarget.WrittenColumns(all, List.of("id"), Set.of()),
        new WriteTarget.Conflict("ON CONFLICT (\"id\")", "", NewRows.ANY),
        Operation.INSERT_MISSING,
        protocol,
        List.of(),
        new WriteTarget.Timeouts(
            Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofSeconds(5)),
        new RejectionRules(List.of(), Parents.UNKNOWN, false, 100, 0));
  }

  private WriteCounts write(WriteTarget target, List<Object[]> rows) throws SQLException {
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

  @ParameterizedTest
  @EnumSource
  void everyTextArrivesAsItWas(WriteProtocol protocol) throws SQLException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<Object[]> rows = new ArrayList<>();
    List<List<?>> expected = new ArrayList<>();
    for (long id = 0; id < 2000; id++) {
      StringBuilder word = new StringBuilder();
      for (int piece = random.nextInt(6); piece > 0; piece--) {
        word.append(PIECES[random.nextInt(PIECES.length)]);
      }
      Object given = random.nextInt(10) == 0 ? null : word.toString();
      Object small = random.nextInt(10) == 0 ? null : (long) random.nextInt(-32768, 32768);
      rows.add(new Object[] {id * 1_000_003, small, given});
      expected.add(
          Arrays.asList(id * 1_000_003, small == null ? null : ((Long) small).intValue(), given));
    }
    WriteCounts counts = write(target(protocol, "id bigint", "small smallint", "word text"), rows);
    assertThat(counts.changed()).as("seed " + seed).isEqualTo(2000);
    assertThat(database.rows("SELECT id, small, word FROM t ORDER BY id"))
        .as("seed " + seed)
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeThatTravelsAsTextIsCast(WriteProtocol protocol) throws SQLException {
    Object[] row = {
      Long.MIN_VALUE,
      true,
      "{\"a\\\\b\",NULL,\"c,d\"}",
      "\\x00ff5c",
      "infinity",
      "{\"k\": \"v\\\\n\"}",
      "12.50",
      "NaN",
      "c42fdf75-3097-471c-8c33-fb52454d81c0"
    };
    Object[] other = {
      Long.MAX_VALUE, false, null, null, "2026-01-01 00:00:00.000001+00", null, null, null, null
    };
    write(
        target(
            protocol,
            "id bigint",
            "flag boolean",
            "words text[]",
            "bytes bytea",
            "at timestamptz",
            "doc jsonb",
            "amount numeric",
            "ratio float8",
            "code uuid"),
        List.of(row, other));
    assertThat(
            database.rows(
                "SELECT id::text, flag, words::text, bytes::text, at::text, doc::text, amount::text, ratio::text,"
                    + " code::text FROM t ORDER BY id"))
        .containsExactly(
            List.of(
                Long.toString(Long.MIN_VALUE),
                true,
                "{\"a\\\\b\",NULL,\"c,d\"}",
                "\\x00ff5c",
                "infinity",
                "{\"k\": \"v\\\\n\"}",
                "12.50",
                "NaN",
                "c42fdf75-3097-471c-8c33-fb52454d81c0"),
            Arrays.asList(
                Long.toString(Long.MAX_VALUE),
                false,
                null,
                null,
                "2026-01-01 00:00:00.000001+00",
                null,
                null,
                null,
                null));
  }

  @Test
  void aBatchWithoutConflictIsOneStatement() throws SQLException {
    WriteCounts counts = write(target(WriteProtocol.COPY, "id bigint"), numbers(1, 2, 3));
    assertThat(counts.statements()).isEqualTo(1);
    assertThat(counts.changed()).isEqualTo(3);
  }

  @Test
  void aConflictSendsTheBatchAgainAsArrays() throws SQLException {
    database.execute("INSERT INTO t (id) VALUES (2)");
    WriteCounts counts = write(target(WriteProtocol.COPY, "id bigint"), numbers(1, 2, 3));
    assertThat(counts.statements()).isEqualTo(2);
    assertThat(counts.changed()).isEqualTo(2);
    assertThat(counts.left()).isEqualTo(1);
    assertThat(database.rows("SELECT id FROM t ORDER BY id"))
        .containsExactly(List.of(1L), List.of(2L), List.of(3L));
  }

  @Test
  void aRowAtFaultIsFoundAndTheOthersAreIn() throws SQLException {
    database.execute("ALTER TABLE t ADD CHECK (id <> 13)");
    WriteCounts counts = write(target(WriteProtocol.COPY, "id bigint"), numbers(12, 13, 14));
    assertThat(counts.changed()).isEqualTo(2);
    assertThat(counts.rejectedKeys()).containsExactly(List.of("13"));
  }

  @Test
  void aTriggerThatCameMeanwhileDropsRowsAndTheyAreNamed() throws SQLException {
    database.execute(
        "CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id % 2 = 0 THEN RETURN NULL; END IF;"
            + " RETURN NEW; END $$",
        "CREATE TRIGGER odd BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION odd()");
    WriteCounts counts = write(target(WriteProtocol.COPY, "id bigint"), numbers(1, 2, 3, 4));
    assertThat(counts.changed()).isEqualTo(2);
    assertThat(counts.left()).isZero();
    assertThat(counts.rejectedKeys()).containsExactly(List.of("2"), List.of("4"));
    assertThat(counts.rejections()).allMatch(rejection -> rejection.reason().equals("suppressed"));
  }

  private static List<Object[]> numbers(long... ids) {
    List<Object[]> rows = new ArrayList<>();
    for (long id : ids) {
      rows.add(new Object[] {id});
    }
    return rows;
  }
}
