package backfill.spark.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSink;
import backfill.testing.TestingSpark;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A DataFrame's value arrives as it is, or its column is refused, or its row is rejected. */
class SinkTypesTest {
  private static TestingDatabase database;

  @BeforeAll
  static void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE DOMAIN price AS numeric(5,2)",
        "CREATE DOMAIN sold AS price CHECK (VALUE >= 0)",
        """
        CREATE TABLE t (id int PRIMARY KEY, s smallint, i int, l bigint, n numeric, n2 numeric(5,2), p2 numeric(5,2), hundreds numeric(4,-2),
          sold sold, r real, d double precision, b boolean, x text, v varchar(3), c char(3), y bytea, day date,
          z timestamptz, w timestamp, w0 timestamp(0), at time, at3 time(3), j jsonb, nm name, span interval,
          ys bytea[], ds double precision[], xs text[], n2s numeric(5,2)[])
        """);
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  private static void save(String query, Map<String, String> options) {
    TestingSink.save(database, query, options);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "i | 1.5D | double | integer | int",
        "i | 1.5BD | decimal(2,1) | integer | int",
        "i | true | boolean | integer | int",
        "i | DATE'2024-01-01' | date | integer | int",
        "l | CAST(1 AS FLOAT) | float | bigint | bigint",
        "b | 1 | int | boolean | boolean",
        "n | 0.1D | double | numeric | a decimal",
        "n2 | CAST(0.1 AS FLOAT) | float | 'numeric(5,2)' | 'decimal(5,2)'",
        "r | 0.1D | double | real | float",
        "r | 16777217 | int | real | float",
        "d | 9007199254740993L | bigint | double precision | double",
        "d | 0.1BD | decimal(1,1) | double precision | double",
        "x | 0.1D | double | text | string",
        "x | 1.50BD | decimal(3,2) | text | string",
        "x | array(1) | array<int> | text | string",
        "x | X'00' | binary | text | string",
        "day | TIMESTAMP'2024-01-01 12:00:00' | timestamp | date | date",
        "day | TIMESTAMP_NTZ'2024-01-01 12:00:00' | timestamp_ntz | date | date",
        "z | TIMESTAMP_NTZ'2024-01-01 12:00:00' | timestamp_ntz | timestamp with time zone | timestamp, which reads it"
            + " in the zone of spark.sql.session.timeZone",
        "w | TIMESTAMP'2024-01-01 12:00:00' | timestamp | timestamp without time zone | timestamp_ntz, which reads it"
            + " in the zone of spark.sql.session.timeZone",
        "w | DATE'2024-01-01' | date | timestamp without time zone | timestamp_ntz, which reads it in the zone of"
            + " spark.sql.session.timeZone",
        "j | 1 | int | jsonb | a string that PostgreSQL reads as such",
        "ds | array(0.1BD) | 'array<decimal(1,1)>' | double precision[] | array<double>",
      })
  void columnThatWouldBeChangedIsRefused(
      String column, String value, String type, String declared, String cure) {
    Throwable refused =
        catchThrowable(() -> save("SELECT 1 AS id, %s AS %s".formatted(value, column), Map.of()));

    assertThat(refused)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "column %1$s has Spark's type %2$s, and t.%1$s is %3$s, which takes no value of it as it is; cast it to %4$s"
                .formatted(column, type, declared, cure));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "map(1, 2) | map<int,int>",
        "named_struct('k', 1) | struct<k:int>",
        "array(array(1)) | array<array<int>>",
        "INTERVAL '1' DAY | interval day",
        "make_interval(1) | interval",
        "parse_json('1') | variant",
      })
  void typeThatNoColumnTakesIsRefused(String value, String type) {
    assertThat(catchThrowable(() -> save("SELECT 1 AS id, " + value + " AS j", Map.of())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "column j has Spark's type "
                + type
                + ", which format \"backfill\" cannot write; cast it to a string that PostgreSQL reads");
  }

  @Test
  void typeThatCutsIsRefusedAndSeveralAreNamedAtOnce() {
    assertThat(catchThrowable(() -> save("SELECT 1 AS id, 'x' AS nm, 1.5D AS s", Map.of())))
        .hasMessage(
            "column nm has Spark's type string, and t.nm is name, which takes no value of it as it is; leave it out\n"
                + "column s has Spark's type double, and t.s is smallint, which takes no value of it as it is; cast it"
                + " to smallint");
  }

  @Test
  void eachValueArrivesAsItIs() throws SQLException {
    save(
        """
        SELECT 10 AS id, 7BD AS s, 2S AS n, 1.5BD AS n2, 1200 AS hundreds, 1.25BD AS sold, 3S AS r,
          CAST(0.1 AS FLOAT) AS d, true AS x, 'a  ' AS v, X'00FF' AS y,
          TIMESTAMP'-0044-03-15 12:00:00Z' AS z, TIMESTAMP_NTZ'2026-07-01 12:00:00.000001' AS w,
          TIMESTAMP_NTZ'2026-07-01 12:00:00' AS w0, array(X'00FF', NULL, X'5C22') AS ys,
          array(CAST(0.1 AS FLOAT), CAST('NaN' AS FLOAT), NULL) AS ds,
          array('a"b\\\\', NULL, '', 'NULL') AS xs, array(1.5BD) AS n2s
        UNION ALL
        SELECT 11, NULL, NULL, NULL, NULL, NULL, NULL, CAST('-Infinity' AS FLOAT), NULL, NULL, NULL,
          timestamp_micros(9223372036854775807), NULL, NULL, array(), NULL, NULL, NULL""",
        Map.of());

    assertThat(
            database.rows(
                "SELECT id::text, s::text, n::text, n2::text, hundreds::text, sold::text, r::text, d::text, x, v, y::text FROM t"
                    + " WHERE id = 10"))
        .containsExactly(
            List.of(
                "10",
                "7",
                "2",
                "1.50",
                "1200",
                "1.25",
                "3",
                "0.10000000149011612",
                "true",
                "a  ",
                "\\x00ff"));
    assertThat(
            database.rows(
                "SELECT (z AT TIME ZONE 'UTC')::text, w::text, w0::text, ys::text, ds::text, xs::text, n2s::text FROM t WHERE id = 10"))
        .containsExactly(
            List.of(
                "0045-03-15 12:00:00 BC",
                "2026-07-01 12:00:00.000001",
                "2026-07-01 12:00:00",
                "{\"\\\\x00ff\",NULL,\"\\\\x5c22\"}",
                "{0.10000000149011612,NaN,NULL}",
                "{\"a\\\"b\\\\\",NULL,\"\",\"NULL\"}",
                "{1.50}"));
    assertThat(
            database.rows(
                "SELECT d::text, (z AT TIME ZONE 'UTC')::text, ys::text FROM t WHERE id = 11"))
        .containsExactly(List.of("-Infinity", "294247-01-10 04:00:54.775807", "{}"));
  }

  /** Of the row with this id: the column, its value in Spark SQL, and why the row is rejected. */
  private record Unfit(String column, String value, String reason) {}

  private static final List<Unfit> UNFIT =
      List.of(
          new Unfit("n2", "1.125BD", "column n2 has more decimals than numeric(5,2) holds"),
          new Unfit("p2", "' 1_0.125 '", "column p2 has more decimals than numeric(5,2) holds"),
          new Unfit(
              "n2s", "array(1.125BD)", "column n2s has more decimals than numeric(5,2) holds"),
          new Unfit(
              "hundreds", "1250", "column hundreds has more decimals than numeric(4,-2) holds"),
          new Unfit("sold", "1.125BD", "column sold has more decimals than numeric(5,2) holds"),
          new Unfit("n2", "12345BD", "numeric field overflow"),
          new Unfit("s", "70000", "value \"70000\" is out of range for type smallint"),
          new Unfit(
              "l",
              "12345678901234567890BD",
              "value \"12345678901234567890\" is out of range for type bigint"),
          new Unfit(
              "v", "'abc  '", "column v ends in blanks that character varying(3) would cut off"),
          new Unfit("v", "'abcd'", "value too long for type character varying(3)"),
          new Unfit(
              "w0",
              "TIMESTAMP_NTZ'2026-07-01 12:00:00.5'",
              "column w0 has a finer fraction of a second than timestamp(0) without time zone holds"),
          new Unfit(
              "x",
              "concat('a', char(0), 'b')",
              "column x has a NUL, which no PostgreSQL text can hold"),
          new Unfit(
              "xs",
              "array(concat('a', char(0)))",
              "column xs has a NUL, which no PostgreSQL text can hold"),
          new Unfit("x", "CAST(X'EDA080' AS STRING)", "column x is no valid UTF-8"),
          new Unfit(
              "day", "date_from_unix_date(2147483647)", "column day is beyond PostgreSQL's dates"),
          new Unfit("j", "'x'", "invalid input syntax for type json"));

  /** One row for each of {@link #UNFIT}, and good ones before and behind them. */
  private static String unfitRows() {
    return IntStream.rangeClosed(0, UNFIT.size() + 1)
        .mapToObj(
            id -> {
              boolean good = id == 0 || id > UNFIT.size();
              return "SELECT %d AS id%s"
                  .formatted(
                      id,
                      UNFIT.stream()
                          .map(Unfit::column)
                          .distinct()
                          .map(
                              column ->
                                  !good && UNFIT.get(id - 1).column().equals(column)
                                      ? ", %s AS %s".formatted(UNFIT.get(id - 1).value(), column)
                                      : ", NULL AS " + column)
                          .collect(Collectors.joining()));
            })
        .collect(Collectors.joining(" UNION ALL "));
  }

  @Test
  void valueThatItsColumnWouldChangeRejectsItsRowAlone() throws SQLException {
    for (String protocol : List.of("unnest", "copy")) {
      database.execute("DELETE FROM t");
      Map<String, String> options =
          Map.of("rejected-rows", "100", "counts", "types", "writers", "1", "protocol", protocol);
      save(unfitRows(), options);

      assertThat(database.rows("SELECT id FROM t ORDER BY id"))
          .containsExactly(List.of(0), List.of(UNFIT.size() + 1));
      assertThat(
              TestingSpark.session()
                  .sql(
                      "SELECT r.key[0] || ' ' || r.reason FROM types LATERAL VIEW explode(rejections) AS r")
                  .collectAsList()
                  .stream()
                  .map(row -> row.getString(0)))
          .containsExactlyInAnyOrderElementsOf(
              IntStream.range(0, UNFIT.size())
                  .mapToObj(i -> (i + 1) + " " + UNFIT.get(i).reason())
                  .toList());
    }
  }

  @Test
  void keyThatNoTextCanHoldNamesItsRow() throws SQLException {
    database.execute("CREATE TABLE named (name text PRIMARY KEY)");
    save(
        "SELECT * FROM VALUES ('a'), (concat('b', char(0))), ('c') AS v(name)",
        Map.of("dbtable", "named", "rejected-rows", "1", "counts", "keys"));

    assertThat(database.rows("SELECT name FROM named ORDER BY name"))
        .containsExactly(List.of("a"), List.of("c"));
    assertThat(TestingSpark.session().sql("SELECT rejections[0].key[0] FROM keys").first().get(0))
        .isEqualTo("b\0");
  }

  @Test
  void zeroesAreOneKeyAndCollationsOfSparkDoNotMatter() throws SQLException {
    database.execute("CREATE TABLE zeroes (d double precision, name text, PRIMARY KEY (d, name))");
    save(
        """
        SELECT d, name COLLATE UTF8_LCASE AS name FROM VALUES (0D, 'b'), (0D, 'B'), (0D, 'b'), (-0D, 'c'), (0D, 'd'), (-1D, 'a'),
          (double('NaN'), 'a') AS v(d, name)""",
        Map.of("dbtable", "zeroes", "writers", "1", "counts", "zeroes"));

    assertThat(
            database.rows("SELECT abs(d)::text, name FROM zeroes ORDER BY d, name COLLATE \"C\""))
        .containsExactly(
            List.of("1", "a"),
            List.of("0", "B"),
            List.of("0", "b"),
            List.of("0", "c"),
            List.of("0", "d"),
            List.of("NaN", "a"));
    assertThat(
            TestingSpark.session()
                .sql("SELECT rows, inserted, present, repeated FROM zeroes")
                .first()
                .mkString(" "))
        .isEqualTo("7 6 0 1");
  }
}
