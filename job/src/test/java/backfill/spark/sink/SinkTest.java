package backfill.spark.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * {@code df.write.format("backfill")} as anybody uses it, with whatever types and names a table
 * has.
 */
class SinkTest {
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private DataFrameWriter<Row> writer(String query) {
    return writer(TestingSpark.session().sql(query));
  }

  private DataFrameWriter<Row> writer(Dataset<Row> rows) {
    return rows.write()
        .format("backfill")
        .mode("append")
        .option("url", database.url())
        .option("user", database.user())
        .option("password", database.password());
  }

  @Test
  void newRowsAreAddedAndThoseThereStay() throws SQLException {
    database.execute(
        "CREATE TABLE t (a int, b int, note text, PRIMARY KEY (a, b))",
        "INSERT INTO t VALUES (1, 1, 'theirs')");

    writer(
            "SELECT * FROM VALUES (1, 1, 'ours'), (1, 2, 'ours'), (1, 2, 'ours'), (2, 1, NULL) AS v(a, b, note)")
        .option("dbtable", "t")
        .option("key", "b, a")
        .save();

    assertThat(database.rows("SELECT a, b, coalesce(note, '-') FROM t ORDER BY 1, 2"))
        .containsExactly(List.of(1, 1, "theirs"), List.of(1, 2, "ours"), List.of(2, 1, "-"));
  }

  @Test
  void everyTypeIsCastOnTheServer() throws SQLException {
    database.execute(
        "CREATE TYPE mood AS ENUM ('glad', 'sad')",
        "CREATE DOMAIN code AS varchar(4)",
        """
        CREATE TABLE t (i int PRIMARY KEY, s smallint, l bigint, t text, v varchar(5), c code, u uuid, e mood, f boolean,
          d date, z timestamptz, w timestamp, x bytea, n numeric(12,3), j jsonb, r real, p double precision, b bit(3),
          ip inet, m mood[])
        """);

    writer(
            """
            SELECT 1 AS i, 2S AS s, 9000000000L AS l, "it's {\\"q\\", \\\\\\\\}" AS t, 'fünf' AS v, 'abcd' AS c,
              '0000000a-0000-0000-0000-00000000000b' AS u, 'sad' AS e, true AS f, DATE'2024-02-29' AS d,
              TIMESTAMP'2024-02-29 23:59:59.123456Z' AS z, TIMESTAMP_NTZ'2024-02-29 23:59:59.5' AS w, X'00FF10' AS x,
              CAST('123456789.125' AS DECIMAL(12,3)) AS n, '{"k": [1, null]}' AS j, CAST(1.5 AS FLOAT) AS r, 0.1D AS p,
              '101' AS b, '10.0.0.1' AS ip, '{glad,sad}' AS m
            UNION ALL
            SELECT 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
              NULL, NULL""")
        .option("dbtable", "t")
        .save();

    assertThat(
            database.count(
                """
                SELECT count(*) FROM t WHERE i = 1 AND s = 2 AND l = 9000000000 AND t = 'it''s {"q", \\\\}'
                  AND v = 'fünf' AND c = 'abcd' AND u = '0000000a-0000-0000-0000-00000000000b' AND e = 'sad' AND f
                  AND d = '2024-02-29' AND z = '2024-02-29 23:59:59.123456+00' AND w = '2024-02-29 23:59:59.5'
                  AND x = '\\x00ff10' AND n = 123456789.125 AND j = '{"k": [1, null]}' AND r = 1.5 AND p = 0.1
                  AND b = B'101' AND ip = '10.0.0.1' AND m = '{glad,sad}'
                """))
        .as("%s", database.rows("SELECT t::text FROM t"))
        .isOne();
    assertThat(
            database.rows(
                "SELECT i FROM t WHERE num_nonnulls(s, l, t, v, c, u, e, f, d, z, w, x, n, j, r, p, b, ip, m) = 0"))
        .containsExactly(List.of(2));
  }

  @Test
  void settingsOfTheSessionChangeNothingAndStay() throws SQLException {
    database.execute("CREATE TABLE t (id int PRIMARY KEY, z timestamptz, n numeric(6,2), d date)");
    SparkSession theirs = TestingSpark.session().newSession();
    Map<String, String> odd =
        Map.of(
            "spark.sql.ansi.enabled", "false",
            "spark.sql.storeAssignmentPolicy", "LEGACY",
            "spark.sql.caseSensitive", "true",
            "spark.sql.session.timeZone", "Asia/Tokyo",
            "spark.sql.timestampType", "TIMESTAMP_NTZ",
            "spark.sql.decimalOperations.allowPrecisionLoss", "false",
            "spark.sql.adaptive.enabled", "false");
    odd.forEach(theirs.conf()::set);

    writer(
            theirs.sql(
                "SELECT 1 AS id, timestamp_seconds(0) AS z, 1.25BD AS n, DATE'2024-02-29' AS d"
                    + " UNION ALL SELECT 2, timestamp_seconds(86399), 9999.99BD, DATE'0001-01-01'"))
        .option("dbtable", "t")
        .save();

    assertThat(
            database.rows(
                "SELECT id, extract(epoch FROM z)::int, n::text, d::text FROM t ORDER BY 1"))
        .containsExactly(
            List.of(1, 0, "1.25", "2024-02-29"), List.of(2, 86399, "9999.99", "0001-01-01"));
    odd.forEach((key, value) -> assertThat(theirs.conf().get(key)).isEqualTo(value));
  }

  @Test
  void primaryKeyIsTheKeyUnlessOneIsNamed() throws SQLException {
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL UNIQUE)",
        "INSERT INTO t VALUES (1, 'one')");

    writer("SELECT * FROM VALUES (1, 'uno'), (2, 'two') AS v(id, name)")
        .option("dbtable", "t")
        .save();
    assertThat(database.rows("SELECT * FROM t ORDER BY id"))
        .containsExactly(List.of(1, "one"), List.of(2, "two"));

    writer("SELECT * FROM VALUES (3, 'one'), (4, 'four') AS v(id, name)")
        .option("dbtable", "t")
        .option("key", "name")
        .save();
    assertThat(database.rows("SELECT id FROM t ORDER BY id"))
        .containsExactly(List.of(1), List.of(2), List.of(4));
  }

  @Test
  void presentRowsTakeNoValueOfASequenceWhereTheyAreLookedFor() throws SQLException {
    database.execute(
        "CREATE TABLE t (id serial, a bigint PRIMARY KEY, b text)",
        "INSERT INTO t (a) SELECT generate_series(0, 999)");

    writer(TestingSpark.session().range(1005).toDF("a"))
        .option("dbtable", "t")
        .option("diff", "true")
        .option("counts", "looked")
        .option("rows-per-batch", "100")
        .save();

    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(1005);
    assertThat(database.count("SELECT last_value FROM t_id_seq")).isEqualTo(1005);
    assertThat(
            TestingSpark.session()
                .sql("SELECT rows, inserted, present, exact FROM looked")
                .first()
                .mkString(" "))
        .isEqualTo("1005 5 1000 true");
  }

  @Test
  void softlyDeletedRowsAreNoConflict() throws SQLException {
    database.execute(
        "CREATE TABLE \"Shares\" (id bigserial PRIMARY KEY, \"fileId\" bigint NOT NULL, uid varchar NOT NULL, deleted_at timestamptz)",
        "CREATE UNIQUE INDEX ON \"Shares\" (\"fileId\", uid) WHERE deleted_at IS NULL",
        "INSERT INTO \"Shares\" (\"fileId\", uid, deleted_at) VALUES (1, 'a', 'epoch'), (1, 'b', NULL), (2, 'a', 'epoch')");

    for (String looks : List.of("false", "true", "true")) {
      writer("SELECT * FROM VALUES (1L, 'a'), (1L, 'b'), (2L, 'b') AS v(fileId, uid)")
          .option("dbtable", "\"Shares\"")
          .option("key", "\"fileId\", uid")
          .option("owns", "deleted_at IS NULL AND true")
          .option("diff", looks)
          .save();
    }
    writer(
            """
            SELECT * FROM VALUES (1L, 'a', NULL), (3L, 'a', TIMESTAMP'2024-01-01 00:00:00'), (3L, 'b', NULL)
            AS v(fileId, uid, deleted_at)""")
        .option("dbtable", "\"Shares\"")
        .option("key", "fileId,uid")
        .option("owns", "deleted_at IS NULL")
        .option("protocol", "copy")
        .option("rejected-rows", "1")
        .option("counts", "soft")
        .save();

    assertThat(
            database.rows(
                "SELECT \"fileId\", uid, deleted_at IS NOT NULL FROM \"Shares\" ORDER BY 1, 2, 3"))
        .hasToString(
            "[[1, a, false], [1, a, true], [1, b, false], [2, a, true], [2, b, false], [3, b, false]]");
    assertThat(
            TestingSpark.session()
                .sql(
                    "SELECT inserted, present, array_join(rejections[0].key, ','), rejections[0].reason FROM soft")
                .first()
                .mkString(" "))
        .isEqualTo("1 1 3,a not-owned");
  }

  @Test
  void rowOutsideOfThePredicateIsNotAddedAgainAndAgain() throws SQLException {
    database.execute(
        "CREATE TABLE t (a int NOT NULL, b int)", "CREATE UNIQUE INDEX ON t (a) WHERE a > 0");

    writer("SELECT * FROM VALUES (1, 1), (-1, 2) AS v(a, b)")
        .option("dbtable", "t")
        .option("key", "a")
        .option("rejected-rows", "1")
        .save();

    assertThat(database.rows("SELECT a FROM t")).containsExactly(List.of(1));
  }

  @Test
  void namesThatDifferInCaseAreTwoColumns() throws SQLException {
    database.execute("CREATE TABLE t (\"id\" int PRIMARY KEY, \"ID\" text, \"Id.x\" int)");

    writer("SELECT 7 AS id, 'upper' AS ID, 3 AS `Id.x`").option("dbtable", "t").save();

    assertThat(database.rows("SELECT * FROM t")).containsExactly(List.of(7, "upper", 3));
  }

  @Test
  void partialUniqueIndexDecides() throws SQLException {
    database.execute(
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, a int, b int)",
        "CREATE UNIQUE INDEX ON t (a, b) WHERE a IS NOT NULL AND b IS NOT NULL",
        "INSERT INTO t (a, b) VALUES (1, 1)");

    for (int run = 0; run < 2; run++) {
      writer("SELECT * FROM VALUES (1, 1), (1, 2) AS v(a, b)")
          .option("dbtable", "t")
          .option("key", "a,b")
          .save();
    }

    assertThat(database.rows("SELECT a, b FROM t ORDER BY a, b"))
        .containsExactly(List.of(1, 1), List.of(1, 2));
  }

  @Test
  void rowThatAPartialIndexWouldNeverFindIsRejected() throws SQLException {
    database.execute(
        "CREATE TABLE t (a int, b int)", "CREATE UNIQUE INDEX ON t (a) WHERE a IS NOT NULL");

    assertThatThrownBy(
            () ->
                writer("SELECT * FROM VALUES (1, 1), (NULL, 2) AS v(a, b)")
                    .option("dbtable", "t")
                    .option("key", "a")
                    .save())
        .hasMessage(
            "t: 1 row was rejected, and option rejected-rows allows 0; the first one, (null): null-key");
    // The other row may be in: it was another task's.
    assertThat(database.count("SELECT count(*) FROM t WHERE a IS NULL")).isZero();
  }

  @Test
  void namesAreTakenAsTheyAre() throws SQLException {
    database.execute(
        "CREATE SCHEMA \"Our Schema\"",
        "CREATE TABLE \"Our Schema\".\"A \"\"Table\"\"\" (\"the key\" int, \"Dot.ted `one`\" text, PRIMARY KEY (\"Dot.ted `one`\", \"the key\"))");

    writer("SELECT * FROM VALUES (2, 'b'), (1, 'a') AS v(`the key`, `Dot.ted ``one```)")
        .option("dbtable", "\"Our Schema\".\"A \"\"Table\"\"\"")
        .save();

    assertThat(database.count("SELECT count(*) FROM \"Our Schema\".\"A \"\"Table\"\"\""))
        .isEqualTo(2);

    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, \"one,two\" int NOT NULL, \"a \"\"b\"\"\" int NOT NULL, UNIQUE (\"one,two\", \"a \"\"b\"\"\"))");
    writer("SELECT 1 AS id, 2 AS `one,two`, 3 AS `a \"b\"`")
        .option("dbtable", "t")
        .option("key", "\"one,two\", a \"b\"")
        .save();
    assertThat(database.rows("SELECT * FROM t")).containsExactly(List.of(1, 2, 3));
  }

  @Test
  void timestampsDatesAndTextsAreOrderedAsSparkOrdersThem() throws SQLException {
    database.execute(
        "CREATE TABLE t (at timestamptz, day date, name text, n numeric, PRIMARY KEY (at, day, name, n))");

    writer(
            """
            SELECT TIMESTAMP'2024-01-01 00:00:00Z' + make_dt_interval(0, 0, 0, id % 3 / 2) AS at,
                   date_add(DATE'2023-12-30', cast(id DIV 3 % 5 AS int)) AS day,
                   element_at(array('', 'a', 'B', 'ä', '\\uE000', '😀'), cast(id DIV 15 % 6 AS int) + 1) AS name,
                   cast((id DIV 90 % 7 - 3) / 10 AS decimal(20, 2)) AS n
            FROM range(2000)""")
        .option("dbtable", "t")
        .option("writers", "2")
        .option("rows-per-batch", "10")
        .save();

    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(3 * 5 * 6 * 7);
  }
}
