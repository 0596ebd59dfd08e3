package backfill.spark.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingEverything;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.StructField;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is read by {@code format("backfill")} and written by it is what it was, of every type. */
class SourceTypesTest {
  private static final Pattern NAMED =
      Pattern.compile("(?:everything|copy|column)[. ]([va]_\\w+) (?:is|has)");

  private static TestingDatabase database;
  private static TestingEverything everything;

  @BeforeAll
  static void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    everything =
        TestingEverything.create(database, Pattern.compile("^v_|^a_(int|text|timestamp|bool)"));
    everything.copyTo("copy");
    database.execute(
        "CREATE TABLE n (id int PRIMARY KEY, p numeric(5,2), q numeric, xs text[], is_ int[], at timestamptz)",
        "CREATE TABLE n2 (LIKE n INCLUDING ALL)",
        "INSERT INTO n VALUES (1, 1.5, 0.1, '{a,NULL}', '{1,NULL}', 'infinity'), (2, NULL, NULL, NULL, NULL, NULL),"
            + " (3, -999.99, 100, '{}', '{}', '-infinity')");
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  private static Map<String, String> options(String table) {
    return Map.of(
        "url",
        database.url(),
        "user",
        database.user(),
        "password",
        database.password(),
        "dbtable",
        table);
  }

  private static Dataset<Row> load(String table, Map<String, String> more) {
    return TestingSpark.session()
        .read()
        .format("backfill")
        .options(options(table))
        .options(more)
        .load();
  }

  private static Set<String> named(Throwable refusal) {
    Set<String> names = new TreeSet<>();
    Matcher named = NAMED.matcher(refusal.getMessage());
    while (named.find()) {
      names.add(named.group(1));
    }
    return names;
  }

  @Test
  void everyTypeComesAndGoesUnchanged() throws SQLException {
    Throwable refused = catchThrowable(() -> load(TestingEverything.NAME, Map.of()));
    assertThat(refused)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "dbtable: everything.v_regclass is regclass, whose values mean something in one database only, or cannot be written; leave it out, or use a column of another type. Option columns names those that are to be read");
    List<String> names = new ArrayList<>(List.of("id"));
    names.addAll(everything.names());
    names.removeAll(named(refused));
    assertThat(names).hasSizeGreaterThan(100);

    Dataset<Row> natural = load(TestingEverything.NAME, Map.of("columns", String.join(",", names)));
    List<String> texts = new ArrayList<>(List.of("v_oid"));
    for (StructField field : natural.schema().fields()) {
      if (field.dataType() instanceof DecimalType || field.dataType() instanceof ArrayType) {
        texts.add(field.name());
      }
    }
    Dataset<Row> rows =
        load(
            TestingEverything.NAME,
            Map.of("columns", String.join(",", names), "texts", String.join(",", texts)));
    assertThat(rows.count()).isEqualTo(everything.rows());
    Set<String> unwritable = named(catchThrowable(() -> write(rows, "copy")));
    assertThat(unwritable)
        .containsExactly("v_char", "v_information_schema_sql_identifier", "v_name");
    names.removeAll(unwritable);
    write(rows.selectExpr(names.toArray(String[]::new)), "copy");

    names.remove("id");
    assertThat(everything.differences("copy", names)).isEmpty();
  }

  private static void write(Dataset<Row> rows, String table) {
    rows.write().format("backfill").options(options(table)).save();
  }

  @Test
  void numbersAndArraysAreSparksOwnUnlessTheyAreAskedForAsTexts() throws SQLException {
    Dataset<Row> rows = load("n", Map.of());
    assertThat(rows.schema().simpleString())
        .isEqualTo(
            "struct<id:int,p:decimal(5,2),q:decimal(38,18),xs:array<string>,is_:array<int>,at:timestamp>");
    assertThat(load("n", Map.of("columns", "q, xs,at", "texts", "q,at")).schema().simpleString())
        .isEqualTo("struct<q:string,xs:array<string>,at:string>");

    write(rows.where("id < 3").unionAll(rows.where("id = 3")), "n2");
    String both = "(SELECT * FROM %s EXCEPT SELECT * FROM %s)";
    assertThat(database.rows(both.formatted("n", "n2"))).isEmpty();
    assertThat(database.rows(both.formatted("n2", "n"))).isEmpty();
    assertThat(database.count("SELECT count(*) FROM n2")).isEqualTo(3);
  }

  @Test
  void valueThatSparkCannotHoldEndsTheQueryByItsName() throws SQLException {
    database.execute(
        "CREATE TABLE odd (id int, q numeric, xs int[], day timestamp)",
        "INSERT INTO odd VALUES (1, 'NaN', '{{1},{2}}', '294276-01-01'), (2, 1, '{1}', '2026-01-01')");
    Dataset<Row> odd = load("odd", Map.of());

    assertThatThrownBy(() -> odd.select("q").collectAsList())
        .hasStackTraceContaining(
            "q holds a number with which a query cannot compute exactly in decimal(38,18): NaN\". Option texts names columns to read as the server's text");
    assertThatThrownBy(() -> odd.select("xs").collectAsList())
        .hasStackTraceContaining("into which no query can look: {{1},{2}}");
    assertThatThrownBy(() -> odd.select("day").collectAsList())
        .hasStackTraceContaining("is after the last moment that Spark has");
    assertThat(odd.where("id = 2").count()).isOne();
    assertThat(load("odd", Map.of("texts", "q,xs,day")).select("q", "xs").head().toString())
        .isEqualTo("[NaN,{{1},{2}}]");
  }
}
