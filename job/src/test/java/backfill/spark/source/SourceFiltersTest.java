package backfill.spark.source;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A filter gives the same rows whether PostgreSQL evaluates it or Spark does. */
class SourceFiltersTest {
  private static final int FILTERS = 40;

  /** Column to its values, as PostgreSQL reads them and as Spark does. */
  private static final Map<String, List<String[]>> VALUES =
      new TreeMap<>(
          Map.ofEntries(
              entry("s smallint", "0", "-1S", "32767S"),
              entry("i int", "0", "-1", "2147483647", "7"),
              entry("l bigint", "0L", "-9223372036854775808L", "9223372036854775807L"),
              entry("b boolean", "true", "false"),
              entry(
                  "d date",
                  "DATE'2026-01-31'",
                  "DATE'0001-01-01'",
                  "DATE'9999-12-31'",
                  "'infinity'",
                  "'-infinity'"),
              entry(
                  "w timestamp",
                  "TIMESTAMP_NTZ'2026-01-31 10:00:00.000001'",
                  "TIMESTAMP_NTZ'0001-01-01 00:00:00'",
                  "'infinity'",
                  "'-infinity'"),
              entry(
                  "z timestamptz",
                  "TIMESTAMP'2026-03-29 01:30:00Z'",
                  "TIMESTAMP'9999-12-31 23:59:59.999999Z'",
                  "'infinity'",
                  "'-infinity'"),
              entry(
                  "u uuid",
                  "'0000000a-0000-0000-0000-00000000000b'",
                  "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
              entry("x text", "''", "' '", "'a'", "'A'", "'a '", "'ä'", "'it''s'"),
              entry("v varchar(4)", "''", "'a'", "'a '", "'B'"),
              entry("code code", "'a'", "'b'"),
              entry("loose text COLLATE loose", "'a'", "'A'", "''"),
              entry("c char(3)", "'a'", "''", "'abc'"),
              entry("n numeric(6,2)", "0", "1.5", "-0.01"),
              entry("r real", "0", "1.5", "'NaN'", "'Infinity'"),
              entry("p float8", "0", "-0.0", "'NaN'", "'-Infinity'"),
              entry("e mood", "'sad'", "'ok'"),
              entry("duo duo", "'(,)'", "'(1,a)'")));

  private static TestingDatabase database;
  private static Dataset<Row> rows;

  private static Map.Entry<String, List<String[]>> entry(String column, String... literals) {
    List<String[]> values = new ArrayList<>();
    for (String literal : literals) {
      String sql =
          literal
              .replaceFirst("^(DATE|TIMESTAMP_NTZ|TIMESTAMP)'", "'")
              .replaceFirst("(?<=\\d)[SL]$", "");
      boolean plain = literal.equals(sql) || !literal.contains("infinity");
      values.add(new String[] {sql, plain && !literal.contains("infinity") ? literal : null});
    }
    return Map.entry(column, values);
  }

  @BeforeAll
  static void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "CREATE TYPE duo AS (one int, other text)",
        "CREATE DOMAIN code AS text",
        "CREATE TABLE t (id int PRIMARY KEY, " + String.join(", ", VALUES.keySet()) + ")");
    Random random = new Random(7);
    List<String> inserts = new ArrayList<>();
    for (int id = 0; id < 200; id++) {
      StringBuilder insert = new StringBuilder("INSERT INTO t VALUES (" + id);
      for (List<String[]> values : VALUES.values()) {
        int value = random.nextInt(values.size() + 1);
        insert.append(", ").append(value == values.size() ? "NULL" : values.get(value)[0]);
      }
      inserts.add(insert.append(")").toString());
    }
    database.execute(inserts.toArray(String[]::new));
    rows =
        TestingSpark.session()
            .read()
            .format("backfill")
            .option("url", database.url())
            .option("user", database.user())
            .option("password", database.password())
            .option("dbtable", "t")
            .load();
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  private static String name(String column) {
    return column.replaceFirst(" .*", "");
  }

  private static String filter(Random random, int depth) {
    int kind = random.nextInt(depth == 0 ? 4 : 7);
    List<String> columns = List.copyOf(VALUES.keySet());
    String column = columns.get(random.nextInt(columns.size()));
    List<String> literals =
        VALUES.get(column).stream().map(value -> value[1]).filter(value -> value != null).toList();
    String name = name(column);
    String literal = literals.get(random.nextInt(literals.size()));
    if (literal.equals("'(,)'") || name.equals("duo")) {
      return name + (random.nextBoolean() ? " IS NULL" : " IS NOT NULL");
    }
    return switch (kind) {
      case 0 -> name + (random.nextBoolean() ? " IS NULL" : " IS NOT NULL");
      case 1 ->
          name
              + List.of(" = ", " <> ", " <=> ", " < ", " <= ", " > ", " >= ").get(random.nextInt(7))
              + literal;
      case 2 -> literal + List.of(" = ", " < ", " >= ").get(random.nextInt(3)) + name;
      case 3 ->
          name + (random.nextBoolean() ? " IN (" : " NOT IN (") + String.join(", ", literals) + ")";
      case 4 -> "NOT (" + filter(random, depth - 1) + ")";
      default ->
          "("
              + filter(random, depth - 1)
              + (kind == 5 ? " AND " : " OR ")
              + filter(random, depth - 1)
              + ")";
    };
  }

  @Test
  void randomFiltersGiveTheRowsThatSparkGives() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<String> filters =
        IntStream.range(0, FILTERS).mapToObj(place -> filter(random, 2)).toList();
    Map<Integer, TreeSet<Integer>> expected = new TreeMap<>();
    Map<Integer, TreeSet<Integer>> found = new TreeMap<>();
    Column[] evaluated =
        IntStream.range(0, FILTERS)
            .mapToObj(place -> functions.expr(filters.get(place)).as("f" + place))
            .toArray(Column[]::new);

    // Spark alone, over all rows.
    for (Row row : rows.select(functions.col("*")).select(with(evaluated)).collectAsList()) {
      for (int place = 0; place < FILTERS; place++) {
        if (Boolean.TRUE.equals(row.get(place + 1))) {
          expected.computeIfAbsent(place, none -> new TreeSet<>()).add(row.getInt(0));
        }
      }
    }
    Dataset<Row> all = null;
    for (int place = 0; place < FILTERS; place++) {
      Dataset<Row> one =
          rows.where(filters.get(place)).select(functions.lit(place), functions.col("id"));
      all = all == null ? one : all.unionAll(one);
    }
    all.collectAsList()
        .forEach(
            row ->
                found.computeIfAbsent(row.getInt(0), none -> new TreeSet<>()).add(row.getInt(1)));

    for (int place = 0; place < FILTERS; place++) {
      assertThat(found.get(place))
          .as("seed %d, filter %s", seed, filters.get(place))
          .isEqualTo(expected.get(place));
    }
  }

  private static Column[] with(Column... evaluated) {
    Column[] all = new Column[evaluated.length + 1];
    all[0] = functions.col("id");
    System.arraycopy(evaluated, 0, all, 1, evaluated.length);
    return all;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "i > 5 | (\"i\" > '5')",
        "5 >= i AND b | (\"i\" <= '5'), (\"b\" = 'true')",
        "l IN (1, 2) OR s IS NULL | ((\"l\" = ANY (ARRAY['1', '2'])) OR (\"s\" IS NULL))",
        "x = 'a ' AND v <> 'b' | (\"x\" = 'a '), (NOT (\"v\" = 'b'))",
        "code = 'a' | (\"code\" = 'a')",
        "u = '0000000a-0000-0000-0000-00000000000b' | (\"u\" = '0000000a-0000-0000-0000-00000000000b')",
        "d < DATE'2026-01-01' | (\"d\" < '2026-01-01')",
        "z >= TIMESTAMP'2026-01-01 00:00:00Z' | (\"z\" >= '2026-01-01 00:00:00+00')",
        "NOT (i = 1 AND l <=> 3) | (\"l\" IS NOT NULL AND (\"l\" = '3'))",
      },
      quoteCharacter = '`')
  void serverEvaluatesWhatItReadsAlike(String filter, String pushed) {
    assertThat(rows.where(filter).queryExecution().executedPlan().toString())
        .contains(pushed)
        .doesNotContainPattern("\\) Filter ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x > 'a'",
        "x LIKE 'a%'",
        "x = 'ä'",
        "u = '0000000A-0000-0000-0000-00000000000B'",
        "loose = 'a'",
        "c = 'a'",
        "n = 1.5",
        "r = 1.5",
        "p > 0",
        "e = 'ok'",
        "duo IS NULL",
        "i + 1 = 2",
        "i > l",
        "length(x) = 1",
      })
  void sparkEvaluatesTheRest(String filter) {
    assertThat(rows.where(filter).queryExecution().executedPlan().toString())
        .containsPattern("\\) Filter ");
  }
}
