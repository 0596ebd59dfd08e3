package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCarriedColumns;
import backfill.testing.TestingCarriedColumns.Way;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingEverything;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRole;
import backfill.testing.TestingRun;
import backfill.testing.TestingSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A value of any type arrives as it is on every way through the job, by the server's own comparison
 * of texts, or its column is refused by name before anything is written. {@code
 * -Dbackfill.types=REGEX} tries some columns alone.
 */
class RoundTripTest {
  private static final Pattern SOME = Pattern.compile(System.getProperty("backfill.types", ""));

  /** Types whose columns must not be refused. */
  private static final Pattern ALWAYS =
      Pattern.compile(
          "v_(boolean|smallint|integer|bigint|real|double_precision|numeric.*|text|character_varying.*|bpchar|character_6"
              + "|bytea|uuid|json|jsonb|date|time.*|interval.*|inet|cidr|macaddr8?|bit.*|mood|eur|cents|code|moment|money"
              + "|ext_citext|ext_hstore|xml|int4range|tstzrange)|a_(integer|bigint|text|uuid|mood|boolean|numeric)");

  /** Values that are written differently may be equal. */
  private static final Pattern LOOSE =
      Pattern.compile("v_(ext_citext|interval|numeric|text_collate_caseless)");

  /** What Spark's own source for JDBC gives as it is. */
  private static final Pattern AS_SPARK_READS_IT =
      Pattern.compile("v_(boolean|smallint|integer|bigint|real|double_precision|text|bytea|uuid)");

  /** What a role may have set for its sessions. */
  private static final List<String> SETTINGS_OF_A_ROLE =
      List.of(
          "bytea_output = 'escape'",
          "DateStyle = 'German, DMY'",
          "extra_float_digits = -10",
          "IntervalStyle = 'sql_standard'",
          "timezone = 'America/New_York'",
          "standard_conforming_strings = off",
          "backslash_quote = off",
          "array_nulls = off",
          "xmloption = document",
          "quote_all_identifiers = on",
          "default_transaction_isolation = 'serializable'");

  @TempDir static Path directory;
  private static TestingDatabase database;
  private static TestingDatabase elsewhere;
  private static TestingEverything everything;

  @BeforeAll
  static void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    elsewhere = TestingPostgres.shared().createDatabase();
    TestingEverything.create(elsewhere, SOME);
    everything = TestingEverything.create(database, SOME);
    for (Way way : Way.values()) {
      everything.copyTo(way.table());
    }
    // What is to be set: rows that are the same, and rows with another row's values.
    String names = String.join(", ", everything.names());
    database.execute(
        "INSERT INTO %s SELECT * FROM %s WHERE id %% 3 = 0"
            .formatted(Way.UPSERT.table(), TestingEverything.NAME),
        "INSERT INTO %s SELECT id - 1, %s FROM %s WHERE id %% 3 = 2"
            .formatted(Way.UPSERT.table(), names, TestingEverything.NAME),
        "INSERT INTO %s SELECT (id + 1) %% %d, %s FROM %s"
            .formatted(Way.UPDATE.table(), everything.rows(), names, TestingEverything.NAME));
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
    elsewhere.close();
  }

  private static TestingRun run(
      String command, TestingCarriedColumns carried, Map<String, String> by) throws IOException {
    Path plan = directory.resolve("everything.conf");
    Files.writeString(
        plan,
        """
        name = everything
        databases.other.env = OTHER
        sources {
          here   = %1$s
          made   = %2$s
          there  { database = other, table = %1$s }
          by_key { database = other, table = %1$s, keyed-by { id = [here.id] } }
        }
        views.seen = "SELECT id, %3$s FROM here WHERE id >= 0"
        steps = [
        %4$s]
        """
            .formatted(
                TestingEverything.NAME,
                Way.MISSING.table(),
                String.join(", ", carried.of(Way.VIEW)),
                Stream.of(Way.values()).map(carried::step).collect(Collectors.joining())));
    Map<String, String> environment = new HashMap<>(by);
    elsewhere
        .environment()
        .forEach((name, value) -> environment.put(name.replace("BACKFILL", "OTHER"), value));
    return TestingRun.of(environment, command, plan.toString());
  }

  private static TestingCarriedColumns checked() throws IOException {
    TestingCarriedColumns carried = new TestingCarriedColumns(everything.names());
    TestingRun check = run("check", carried, database.environment());
    while (check.code() == 3) {
      assertThat(carried.refuse(check.err())).as("no column of %s", check.said()).isTrue();
      check = run("check", carried, database.environment());
    }
    assertThat(check.code()).as(check.said()).isZero();
    return carried;
  }

  private static List<List<Object>> trace() throws SQLException {
    List<List<Object>> trace = new ArrayList<>();
    for (Way way : Way.values()) {
      trace.addAll(
          database.rows(
              "SELECT '%1$s', id, xmin::text FROM %1$s ORDER BY id".formatted(way.table())));
    }
    return trace;
  }

  @Test
  void everyValueArrivesOrItsColumnIsRefused() throws Exception {
    TestingCarriedColumns carried = checked();
    assertThat(carried.refusals().keySet()).noneMatch(name -> ALWAYS.matcher(name).matches());

    try (TestingRole role = TestingRole.superuser(database)) {
      for (String setting : SETTINGS_OF_A_ROLE) {
        database.execute("ALTER ROLE %s SET %s".formatted(role.name, setting));
      }
      TestingRun run = run("run", carried, role.environment());
      assertThat(run.code()).as(run.said()).isZero();
    }
    List<String> differences = new ArrayList<>();
    for (Way way : Way.values()) {
      differences.addAll(
          everything.differences(
              way.table(),
              carried.of(way),
              name -> way.comparesFirst() && LOOSE.matcher(name).matches()));
    }
    assertThat(differences).isEmpty();

    List<List<Object>> before = trace();
    TestingRun again = run("run", carried, database.environment());
    assertThat(again.code()).as(again.said()).isZero();
    assertThat(trace()).isEqualTo(before);
  }

  @Test
  void theSinkTakesEveryTypeAsText() throws Exception {
    everything.copyTo("to_sink");
    assertArrives("to_sink", everything.names(), name -> name + "::text");
  }

  @Test
  void theSinkTakesWhatSparkReads() throws Exception {
    everything.copyTo("to_spark");
    List<String> names =
        everything.names().stream()
            .filter(name -> AS_SPARK_READS_IT.matcher(name).matches())
            .toList();
    assertArrives("to_spark", names, name -> name);
  }

  /** Each column is written, or refused by name. */
  private static void assertArrives(
      String table, List<String> all, Function<String, String> selected) throws SQLException {
    Set<String> names = new LinkedHashSet<>(all);
    Map<String, String> refusals = new LinkedHashMap<>();
    while (!names.isEmpty()) {
      try {
        write(table, names, selected);
        break;
      } catch (Exception e) { // Spark's, of any kind
        Matcher named =
            Pattern.compile("\\b" + table + "\\.([va]_\\w+)")
                .matcher(String.valueOf(e.getMessage()));
        boolean any = false;
        while (named.find()) {
          any |= names.remove(named.group(1));
          refusals.put(named.group(1), e.getMessage());
        }
        if (!any) {
          throw new AssertionError("a refusal without a name", e);
        }
      }
    }
    assertThat(refusals.keySet()).noneMatch(name -> ALWAYS.matcher(name).matches());
    assertThat(everything.differences(table, names)).isEmpty();
  }

  private static void write(String table, Set<String> names, Function<String, String> selected) {
    Dataset<Row> rows =
        TestingSpark.session()
            .read()
            .format("jdbc")
            .option("url", database.url())
            .option("user", database.user())
            .option("password", database.password())
            .option(
                "query",
                names.stream()
                    .map(name -> selected.apply(name) + " AS " + name)
                    .collect(
                        Collectors.joining(", ", "SELECT id, ", " FROM " + TestingEverything.NAME)))
            .load();
    rows.write()
        .format("backfill")
        .mode("append")
        .option("url", database.url())
        .option("user", database.user())
        .option("password", database.password())
        .option("dbtable", table)
        .save();
  }
}
