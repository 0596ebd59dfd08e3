package backfill.spark.sink;

import static backfill.testing.TestingSink.counted;
import static backfill.testing.TestingSink.rejections;
import static backfill.testing.TestingSink.save;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What each mode of the connector makes of rows that are there, held against plain SQL. */
class SinkModesTest {
  private static final long SEED = System.nanoTime();
  private static final String SET =
      """
      SET s = excluded.s, n = excluded.n, a = excluded.a, x = excluded.x, z = excluded.z, f = excluded.f, v = excluded.v""";
  private static final String VALUES = "s, n, a, x, z, f, v";

  private static TestingDatabase database;

  @BeforeAll
  static void createDatabase() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  @BeforeEach
  void create() throws SQLException {
    database.execute(
        "DROP TABLE IF EXISTS t, src",
        """
        CREATE TABLE src (k1 text COLLATE "C", k2 int, s text COLLATE "ucs_basic", n numeric, a int[], x text[],
          z timestamptz, f double precision, v varchar(8), PRIMARY KEY (k1, k2))""",
        "CREATE TABLE t (LIKE src INCLUDING ALL, id bigint GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (k2 * 2) STORED)");
  }

  private static Dataset<Row> random(Random random, int keys) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < keys; i++) {
      if (random.nextInt(3) > 0) {
        rows.add(
            RowFactory.create(
                List.of("", "a", "B", "ä", "\uE000", "😀", "a ", "'{}\\\"").get(i % 8),
                i / 8,
                orNull(random, List.of("", "x", "X", "ß", "NULL").get(random.nextInt(5))),
                orNull(random, new BigDecimal(random.nextInt(5)).movePointLeft(random.nextInt(3))),
                orNull(random, Arrays.asList(1, random.nextBoolean() ? null : 2)),
                orNull(random, Arrays.asList(random.nextBoolean() ? null : "a,\"b\\", "", "NULL")),
                orNull(random, new Timestamp(random.nextInt(3) * 1001L)),
                orNull(random, List.of(0.0, -0.0, Double.NaN, 0.1).get(random.nextInt(4))),
                orNull(random, List.of("v", "v ", "w").get(random.nextInt(3)))));
      }
    }
    return TestingSpark.session()
        .createDataFrame(
            rows,
            StructType.fromDDL(
                "k1 string, k2 int, s string, n decimal(10,2), a array<int>, x array<string>, z timestamp, f double, v string"));
  }

  private static Object orNull(Random random, Object value) {
    return random.nextInt(4) == 0 ? null : value;
  }

  private static Map<String, String> mode(String mode, String... more) {
    Map<String, String> options = new HashMap<>();
    options.put("mode", mode);
    options.put("counts", "done");
    for (int i = 0; i < more.length; i += 2) {
      options.put(more[i], more[i + 1]);
    }
    return options;
  }

  /** Everything that a write could change, and where each row is: a row that is written moves. */
  private static List<List<Object>> state() throws SQLException {
    return database.rows("SELECT ctid::text, xmin::text, t::text FROM t ORDER BY k1, k2");
  }

  private static final String COUNTS =
      """
      SELECT count(*) FILTER (WHERE t.k1 IS NULL), count(*) FILTER (WHERE t.k1 IS NOT NULL AND (%s) IS DISTINCT FROM (%s)),
             count(*) FILTER (WHERE (%s) IS NOT DISTINCT FROM (%s) AND t.k1 IS NOT NULL)
      FROM src LEFT JOIN t ON t.k1 = src.k1 AND t.k2 = src.k2"""
          .formatted(
              "ROW(t." + VALUES.replace(", ", ", t.") + ")",
              "ROW(src." + VALUES.replace(", ", ", src.") + ")",
              "ROW(t." + VALUES.replace(", ", ", t.") + ")",
              "ROW(src." + VALUES.replace(", ", ", src.") + ")");

  @Test
  void randomRowsComeOutAsPlainSqlHasThemAndARerunWritesNoRow() throws SQLException {
    Random random = new Random(SEED);
    save(database, random(random, 400), Map.of());
    for (String mode : List.of("upsert", "update", "ignore")) {
      Dataset<Row> rows = random(random, 480).cache();
      database.execute(
          "TRUNCATE src",
          "DROP TABLE IF EXISTS oracle",
          "CREATE TABLE oracle (LIKE src INCLUDING INDEXES)");
      save(database, rows, Map.of("dbtable", "src"));
      String given = "k1, k2, " + VALUES;
      database.execute(
          "INSERT INTO oracle (%1$s) SELECT %1$s FROM t".formatted(given),
          switch (mode) {
            case "upsert" ->
                "INSERT INTO oracle (%1$s) SELECT %1$s FROM src ON CONFLICT (k1, k2) DO UPDATE %2$s"
                    .formatted(given, SET);
            case "update" ->
                "UPDATE oracle o %s FROM src excluded WHERE o.k1 = excluded.k1 AND o.k2 = excluded.k2"
                    .formatted(SET);
            default ->
                "INSERT INTO oracle (%1$s) SELECT %1$s FROM src ON CONFLICT DO NOTHING"
                    .formatted(given);
          });
      List<Object> expected = database.rows(COUNTS).get(0);

      save(database, rows, mode(mode, "rows-per-batch", "37", "writers", "2"));

      String difference = "SELECT %1$s FROM t EXCEPT ALL SELECT %1$s FROM oracle".formatted(given);
      assertThat(database.rows(difference)).as("mode %s, seed %d", mode, SEED).isEmpty();
      assertThat(database.count("SELECT count(*) FROM t"))
          .as("mode %s, seed %d", mode, SEED)
          .isEqualTo(database.count("SELECT count(*) FROM oracle"));
      Row counts = TestingSpark.session().table("done").first();
      long there = (Long) expected.get(1) + (Long) expected.get(2);
      assertThat(
              List.of(
                  counts.<Long>getAs("inserted"),
                  counts.<Long>getAs("updated"),
                  counts.<Long>getAs("unchanged"),
                  counts.<Long>getAs("present"),
                  counts.<Long>getAs("absent")))
          .as("mode %s, seed %d", mode, SEED)
          .isEqualTo(
              switch (mode) {
                case "upsert" -> List.of(expected.get(0), expected.get(1), expected.get(2), 0L, 0L);
                case "update" -> List.of(0L, expected.get(1), expected.get(2), 0L, expected.get(0));
                default -> List.of(expected.get(0), 0L, 0L, there, 0L);
              });
      assertThat(counts.<Long>getAs("rows")).isEqualTo(rows.count());

      List<List<Object>> before = state();
      save(database, rows, mode(mode, "rows-per-batch", "50"));
      assertThat(state()).as("mode %s again, seed %d", mode, SEED).isEqualTo(before);
      rows.unpersist();
    }
  }

  @Test
  void errorAddsRowsAndFailsForAKeyThatIsThereWithNothingOfThatBatch() throws SQLException {
    database.execute("DROP TABLE t", "CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE)");
    for (String protocol : List.of("unnest", "copy")) {
      database.execute("TRUNCATE t");
      Map<String, String> options =
          mode("error", "protocol", protocol, "rows-per-batch", "5", "writers", "1");

      save(database, "SELECT 1 AS a, 1 AS b UNION ALL SELECT 8, 8", options);
      assertThat(counted("done")).isEqualTo("rows=2 inserted=2");

      assertThatThrownBy(
              () ->
                  save(
                      database,
                      "SELECT CAST(id AS int) AS a, CAST(id AS int) + 100 AS b FROM range(2, 11)",
                      options))
          .hasMessage(
              "cannot write a batch of 4 rows to t: the key of 1 row is in the table already: (8); option mode is error:"
                  + " nothing of this batch was written, and 5 rows of other batches of this write are in the table");
      assertThat(database.rows("SELECT a FROM t ORDER BY a"))
          .hasToString("[[1], [2], [3], [4], [5], [6], [8]]");
      assertThat(counted("done")).isEqualTo("rows=5 inserted=5");

      assertThatThrownBy(
              () -> save(database, "SELECT 20 AS a, 20 AS b UNION ALL SELECT 21, 8", options))
          .hasMessage(
              "cannot write a batch of 2 rows to t: (21): duplicate key value violates unique constraint \"t_b_key\""
                  + " (SQLSTATE 23505); option mode is error: nothing of this batch was written, and 0 rows of other"
                  + " batches of this write are in the table");
      assertThat(database.count("SELECT count(*) FROM t WHERE a >= 20")).isZero();
    }
    assertThatThrownBy(
            () ->
                save(
                    database,
                    "SELECT CAST(id AS int) AS a FROM range(1, 30)",
                    mode("error", "rows-per-batch", "1000", "writers", "1")))
        .hasMessageContaining(
            "the keys of 7 rows are in the table already: (1), (2), (3), (4), (5), (6), (8); ");
  }

  @Test
  void anotherUniqueValueIsRejectedAloneWhereRowsAreSet() throws SQLException {
    database.execute(
        "DROP TABLE t",
        "CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE, c text CHECK (c <> 'bad'))",
        "INSERT INTO t SELECT i, i, 'old' FROM generate_series(1, 6) i");

    save(
        database,
        "SELECT * FROM VALUES (1, 2, 'x'), (2, 2, 'x'), (3, 3, 'bad'), (4, 4, 'old'), (7, 5, 'x'), (8, 8, 'x'), (9, 9, 'bad')"
            + " AS v(a, b, c)",
        mode("upsert", "rejected-rows", "4"));

    assertThat(counted("done")).isEqualTo("rows=7 inserted=1 updated=1 unchanged=1 rejected=4");
    assertThat(rejections("done"))
        .containsExactly(
            "1|duplicate key value violates unique constraint \"t_b_key\"|23505|t_b_key",
            "3|new row for relation \"t\" violates check constraint \"t_c_check\"|23514|t_c_check",
            "7|duplicate key value violates unique constraint \"t_b_key\"|23505|t_b_key",
            "9|new row for relation \"t\" violates check constraint \"t_c_check\"|23514|t_c_check");
    assertThat(database.rows("SELECT * FROM t ORDER BY a"))
        .hasToString(
            "[[1, 1, old], [2, 2, x], [3, 3, old], [4, 4, old], [5, 5, old], [6, 6, old], [8, 8, x]]");
  }

  @Test
  void rowsThatDifferUnderOneKeyAreRejectedAndNoneIsSet() throws SQLException {
    database.execute(
        "DROP TABLE t",
        "CREATE TABLE t (a int PRIMARY KEY, b text)",
        "INSERT INTO t VALUES (1, 'old'), (2, 'old')");

    save(
        database,
        "SELECT * FROM VALUES (1, 'x'), (1, 'y'), (2, 'new'), (2, 'new'), (3, 'x'), (3, NULL) AS v(a, b)",
        mode("upsert", "rejected-rows", "4"));

    assertThat(counted("done")).isEqualTo("rows=6 updated=1 repeated=1 rejected=4");
    assertThat(database.rows("SELECT * FROM t ORDER BY a")).hasToString("[[1, old], [2, new]]");
  }

  @Test
  void keysThatOnlyTheServerTakesForOneNeverOverwriteEachOther() throws SQLException {
    database.execute(
        "DROP TABLE t",
        "CREATE TABLE t (k uuid, n numeric, c char(3), b int, PRIMARY KEY (k, n, c))");
    String rows =
        """
        SELECT concat('00000000-0000-0000-0000-0000000000', IF(id %% 2 = 0, 'a', 'A'), hex(id DIV 4)) AS k, IF(id %% 2 = 0, '1', '1.0') AS n,
               concat(CAST(id DIV 2 AS string), IF(id %% 2 = 0, '', ' ')) AS c, CAST(id AS int) + %d AS b FROM range(40)""";

    for (int run = 0; run < 2; run++) {
      save(
          database,
          rows.formatted(0),
          mode("upsert", "rejected-rows", "20", "rows-per-batch", "7"));
      assertThat(counted("done"))
          .isEqualTo(
              run == 0 ? "rows=40 inserted=20 rejected=20" : "rows=40 unchanged=20 rejected=20");
    }
    assertThat(rejections("done"))
        .hasSize(20)
        .allMatch(each -> each.contains("a row before it has the same key"));
    // The first in Spark's order: capitals come before the others.
    assertThat(database.count("SELECT count(*) FROM t WHERE b % 2 = 1")).isEqualTo(20);

    save(database, rows.formatted(100), mode("update", "rejected-rows", "20"));
    assertThat(counted("done")).isEqualTo("rows=40 updated=20 rejected=20");
    assertThatThrownBy(
            () ->
                save(
                    database,
                    TestingSpark.session().sql(rows.formatted(0)).repartition(2),
                    mode("upsert", "distribution", "none")))
        .hasMessageContaining(
            "keys of which the server may take two that differ for one are written by one writer");
  }

  @Test
  void softlyDeletedAndForeignRowsAreNeverSet() throws SQLException {
    database.execute(
        "DROP TABLE t",
        "CREATE TABLE t (id bigserial PRIMARY KEY, a int NOT NULL, kind text DEFAULT 'ours', b int, deleted_at timestamptz)",
        "CREATE UNIQUE INDEX ON t (a) WHERE deleted_at IS NULL",
        "INSERT INTO t (a, kind, b, deleted_at) VALUES (1, 'ours', 0, 'epoch'), (1, 'ours', 0, NULL), (2, 'theirs', 0, NULL), (3, 'ours', 0, 'epoch')");
    String[] owns = {
      "key", "a", "owns", "deleted_at IS NULL AND kind = 'ours'", "rejected-rows", "1"
    };

    save(database, "SELECT CAST(id AS int) AS a, 5 AS b FROM range(1, 5)", mode("update", owns));
    assertThat(counted("done")).isEqualTo("rows=4 updated=1 absent=2 rejected=1");
    assertThat(rejections("done")).containsExactly("2|not-owned|null|null");

    save(database, "SELECT CAST(id AS int) AS a, 6 AS b FROM range(1, 5)", mode("upsert", owns));
    assertThat(counted("done")).isEqualTo("rows=4 inserted=2 updated=1 rejected=1");
    assertThat(database.rows("SELECT a, kind, b, deleted_at IS NULL FROM t ORDER BY a, id"))
        .hasToString(
            "[[1, ours, 0, false], [1, ours, 6, true], [2, theirs, 0, true], [3, ours, 0, false], [3, ours, 6, true], [4, ours, 6, true]]");
    // Rows that are there take no value of the sequence.
    assertThat(database.count("SELECT last_value FROM t_id_seq")).isEqualTo(6);
  }

  @Test
  void updateNeedsNoRightToInsertAndNoColumnBesideThoseItSets() throws SQLException {
    String role = "setter_of_" + database.name();
    database.execute(
        "DROP TABLE t",
        "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b int, must text NOT NULL)",
        "INSERT INTO t (b, must) VALUES (1, 'm'), (2, 'm')",
        "CREATE ROLE " + role + " LOGIN PASSWORD 'setter'",
        "GRANT SELECT ON t TO " + role);
    String query = "SELECT * FROM VALUES (1, NULL), (2, 2), (3, 3) AS v(a, b)";
    Map<String, String> options = mode("update", "user", role, "password", "setter");
    try {
      assertThatThrownBy(() -> save(database, query, options))
          .hasMessage(
              "dbtable: no right to UPDATE on t; GRANT UPDATE (\"b\") ON \"public\".\"t\" TO \""
                  + role
                  + "\"");
      database.execute("GRANT UPDATE (b) ON t TO " + role);
      save(database, query, options);
      assertThat(counted("done")).isEqualTo("rows=3 updated=1 unchanged=1 absent=1");
      assertThat(database.count("SELECT count(*) FROM t WHERE b IS NULL AND a = 1")).isOne();
    } finally {
      database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }

  @Test
  void whatAModeCannotDoIsRefused() throws SQLException {
    database.execute(
        "DROP TABLE t",
        "CREATE TABLE t (a int PRIMARY KEY, j json, b int)",
        "CREATE PUBLICATION p FOR TABLE t");
    database.execute("ALTER TABLE t REPLICA IDENTITY NOTHING");
    assertThatThrownBy(() -> save(database, "SELECT 1 AS a", mode("upsert")))
        .hasMessageStartingWith(
            "columns: the DataFrame has no column beside the key, so that mode upsert has nothing to set; add one, or use"
                + " mode ignore");
    assertThatThrownBy(() -> save(database, "SELECT 1 AS a, '1' AS j", mode("update")))
        .hasMessageStartingWith(
            "columns: t.j is json, of which PostgreSQL cannot say whether two values are the same, and mode update sets"
                + " what differs; drop it from the DataFrame, or use mode ignore");
    assertThatThrownBy(() -> save(database, "SELECT 1 AS a, 1 AS b", mode("upsert")))
        .hasMessageStartingWith("dbtable: publication p has ");
    save(database, "SELECT 1 AS a, 1 AS b", mode("error"));
    database.execute("DROP PUBLICATION p", "CREATE TABLE heir () INHERITS (t)");
    assertThatThrownBy(() -> save(database, "SELECT 1 AS a, 2 AS b", mode("update")))
        .hasMessage(
            "dbtable: heir inherits from t, and no unique index says which of their rows are the same; name the table whose rows are to be set, where none inherits from it");
    database.execute("DROP TABLE heir");
  }

  @Test
  void rowThatATriggerDropsIsRejectedAndOneThatItChangesIsNot() throws SQLException {
    database.execute(
        "DROP TABLE t",
        "CREATE TABLE t (a int PRIMARY KEY, b int)",
        "INSERT INTO t VALUES (1, 0), (2, 0), (3, 0)",
        """
        CREATE FUNCTION drops() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN IF NEW.a IN (2, 5) THEN RETURN NULL; END IF; NEW.b := NEW.b % 10; RETURN NEW; END'""",
        "CREATE TRIGGER drops BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION drops()");

    save(
        database,
        "SELECT CAST(id AS int) AS a, 17 AS b FROM range(1, 6)",
        mode("upsert", "rejected-rows", "2"));

    assertThat(counted("done")).isEqualTo("rows=5 inserted=1 updated=2 rejected=2");
    assertThat(rejections("done"))
        .containsExactly("2|suppressed|null|null", "5|suppressed|null|null");
    assertThat(database.rows("SELECT * FROM t ORDER BY a"))
        .hasToString("[[1, 7], [2, 0], [3, 7], [4, 7]]");
  }

  @Test
  void rowThatAnotherSessionAddsMeanwhileIsSet() throws Exception {
    database.execute("DROP TABLE t", "CREATE TABLE t (a int PRIMARY KEY, b int)");
    CompletableFuture<Void> writing;
    try (Connection other = database.connection()) {
      other.setAutoCommit(false);
      other.createStatement().execute("INSERT INTO t VALUES (2, 0), (3, 9)");
      writing =
          CompletableFuture.runAsync(
              () ->
                  save(
                      database,
                      "SELECT CAST(id AS int) AS a, 9 AS b FROM range(1, 5)",
                      mode("upsert", "writers", "1")));
      while (database.count(
              "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                  + " AND application_name = 'backfill sink #0' AND wait_event_type = 'Lock'")
          == 0) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
      other.commit();
    }
    writing.get(1, TimeUnit.MINUTES);

    assertThat(counted("done")).isEqualTo("rows=4 inserted=2 updated=1 unchanged=1");
    assertThat(database.count("SELECT count(*) FROM t WHERE b = 9")).isEqualTo(4);
  }
}
