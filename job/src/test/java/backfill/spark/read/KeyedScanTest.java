package backfill.spark.read;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Settings;
import backfill.plan.Source;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TestingTables;
import backfill.postgres.server.Database;
import backfill.postgres.snapshot.Snapshot;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.logging.log4j.LogManager;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows that are fetched by key are those that a scan finds, with the same values. */
class KeyedScanTest {
  private static final Duration SECONDS = Duration.ofSeconds(10);
  private static final List<String> COLUMNS =
      List.of(
          "id", "small", "whole", "word", "name", "of_enum", "enums", "texts", "bytes", "address",
          "at", "day", "flag", "doc", "longs", "amount", "real");

  private TestingDatabase database;
  private SparkSession session;

  @BeforeEach
  void tables() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    session = TestingSpark.session().newSession();
    database.execute(
        "CREATE TYPE mood AS ENUM ('low', 'high')",
        """
        CREATE TABLE t (id bigint PRIMARY KEY, small smallint UNIQUE, whole int UNIQUE, word text UNIQUE,
          name varchar(80) UNIQUE, uid uuid UNIQUE, of_enum mood, enums mood[], texts text[], bytes bytea,
          address inet, at timestamptz, day date, flag boolean, doc jsonb, longs bigint[], amount numeric(9, 2),
          real double precision);
        INSERT INTO t
        SELECT n, n, n, 'w' || n, 'n' || n, md5(n::text)::uuid, 'high', '{low,high}', ARRAY['a', 'b,"c', NULL],
          decode(md5(n::text), 'hex'), '10.0.0.1', timestamptz '2024-02-29 12:00:00.123456+02' + n * interval '1 day',
          date '2024-02-29' + n::int, n % 2 = 0, jsonb_build_object('n', n), ARRAY[n, NULL], n / 7.0, n / 3.0
        FROM generate_series(1, 400) n;
        INSERT INTO t (id, small, whole, word, name, uid) VALUES (0, 0, 0, '', '', md5('')::uuid);
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private Database there() {
    return Database.at(database.url(), database.user(), database.password(), SECONDS);
  }

  private Table table() throws SQLException {
    return TestingTables.table(there(), "t");
  }

  /** The keys are those that a table of this text column, or query, holds. */
  private List<Row> fetched(
      Snapshot snapshot, String column, String keysQuery, List<String> columns)
      throws SQLException {
    session.sql(keysQuery).createOrReplaceTempView("named");
    KeyType type = KeyedScan.type(table(), column);
    Dataset<Row> keys =
        KeyedScan.keys(session, type, List.of(new Source.KeyOrigin("named", "key")));
    return new SnapshotReader(
            session,
            there(),
            snapshot,
            new Settings.Read(3, 100, 17, Duration.ofMinutes(1), Duration.ofMinutes(30)),
            "test",
            LaidOver.NOTHING)
        .readKeyed(table(), column, columns, null, keys, keys.count())
        .collectAsList();
  }

  private Snapshot snapshot() throws SQLException {
    return Snapshot.export(there(), "test", List.of(table()), SECONDS, SECONDS);
  }

  @Test
  void valuesAreThoseOfAScan() throws SQLException {
    try (Snapshot snapshot = snapshot()) {
      List<Row> scanned =
          new SnapshotReader(
                  session,
                  there(),
                  snapshot,
                  new Settings.Read(1, 100, 17, Duration.ofMinutes(1), Duration.ofMinutes(30)),
                  "test",
                  LaidOver.NOTHING)
              .read(table(), COLUMNS, null)
              .collectAsList();

      List<Row> fetched = fetched(snapshot, "id", "SELECT id AS key FROM range(0, 401)", COLUMNS);

      // As text, because arrays of bytes are only equal to themselves.
      assertThat(texts(fetched)).isEqualTo(texts(scanned)).hasSize(401);
      assertThat(fetched.get(0).schema()).isEqualTo(scanned.get(0).schema());
    }
  }

  private static Set<String> texts(List<Row> rows) {
    return rows.stream().map(Row::json).collect(Collectors.toCollection(TreeSet::new));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          id    | n
          small | n
          whole | cast(n AS int)
          word  | concat('w', n)
          name  | concat('n', n)
          uid   | regexp_replace(md5(string(n)), '(.{8})(.{4})(.{4})(.{4})(.{12})', '$1-$2-$3-$4-$5')
          """)
  void everyTypeOfKeyFindsItsRows(String column, String key) throws SQLException {
    long seed = System.nanoTime();
    LogManager.getLogger(KeyedScanTest.class).info("seed {}", seed);
    Random random = new Random(seed);
    Set<Long> ids = new TreeSet<>();
    for (int i = 0; i < 60; i++) {
      ids.add((long) random.nextInt(500) + 1);
    }
    String list = ids.stream().map(String::valueOf).collect(Collectors.joining(", "));
    String twiceAndNull =
        "SELECT %1$s AS key FROM (SELECT explode(array(%2$s, %2$s)) AS n) UNION ALL SELECT NULL"
            .formatted(key, list);
    try (Snapshot snapshot = snapshot()) {
      List<Row> fetched =
          fetched(
              snapshot,
              column,
              twiceAndNull,
              column.equals("id") ? List.of("id") : List.of("id", column));

      assertThat(fetched)
          .extracting(row -> row.getLong(0))
          .containsExactlyInAnyOrderElementsOf(
              ids.stream().filter(id -> id <= 400).collect(Collectors.toList()));
    }
  }

  @Test
  void aTextThatIsNoUuidIsNobodysKey() throws SQLException {
    try (Snapshot snapshot = snapshot()) {
      assertThat(
              fetched(
                  snapshot,
                  "uid",
                  "SELECT explode(array('', 'none', 'D41D8CD9-8F00-B204-E980-0998ECF8427E',"
                      + " 'd41d8cd9-8f00-b204-e980-0998ecf8427e')) AS key",
                  List.of("id", "uid")))
          .hasSize(1);
    }
  }

  @Test
  void aNumberBeyondTheColumnsTypeIsNobodysKey() throws SQLException {
    try (Snapshot snapshot = snapshot()) {
      assertThat(
              fetched(
                  snapshot,
                  "small",
                  "SELECT explode(array(9223372036854775807L, 7L)) AS key",
                  List.of("id", "small")))
          .hasSize(1);
    }
  }

  @Test
  void readersSeeTheSnapshotAndNotWhatCameLater() throws SQLException {
    try (Snapshot snapshot = snapshot()) {
      database.execute("DELETE FROM t WHERE id = 7", "UPDATE t SET word = 'later' WHERE id = 8");

      assertThat(
              fetched(snapshot, "id", "SELECT id AS key FROM range(7, 9)", List.of("id", "word")))
          .extracting(row -> row.getString(1))
          .containsExactlyInAnyOrder("w7", "w8");
    }
  }

  @Test
  void nothingOfTheConnectionIsInSparksPlan() throws SQLException {
    try (Snapshot snapshot = snapshot()) {
      session.range(3).toDF("key").createOrReplaceTempView("named");
      Dataset<Row> keys =
          KeyedScan.keys(session, KeyType.INTEGER, List.of(new Source.KeyOrigin("named", "key")));
      Dataset<Row> rows =
          new SnapshotReader(
                  session,
                  there(),
                  snapshot,
                  new Settings.Read(1, 100, 17, Duration.ofMinutes(1), Duration.ofMinutes(30)),
                  "test",
                  LaidOver.NOTHING)
              .readKeyed(table(), "id", List.of("id"), null, keys, 3);

      assertThat(rows.queryExecution().toString()).doesNotContain(database.password(), "jdbc:");
    }
  }
}
