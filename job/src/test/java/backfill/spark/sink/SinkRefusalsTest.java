package backfill.spark.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assumptions.assumeThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the connector refuses, and in which words; nothing is written then. */
class SinkRefusalsTest {
  private static TestingDatabase database;

  @BeforeAll
  static void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE t (a int PRIMARY KEY, b int)",
        "CREATE TABLE keyless (a int)",
        "CREATE VIEW v AS SELECT * FROM t");
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  private static DataFrameWriter<Row> writer(String query, Map<String, String> options) {
    return TestingSpark.session()
        .sql(query)
        .write()
        .format("backfill")
        .mode("append")
        .option("url", database.url())
        .option("user", database.user())
        .option("password", database.password())
        .options(options);
  }

  private static String refusal(String query, Map<String, String> options) throws SQLException {
    Throwable failure = catchThrowable(() -> writer(query, options).save());
    assertThat(failure).isNotNull();
    assertThat(database.count("SELECT count(*) FROM t")).isZero();
    return failure.getMessage();
  }

  private static String refusal(Map<String, String> options) throws SQLException {
    return refusal("SELECT 1 AS a, 2 AS b", options);
  }

  @Test
  void unknownOptionIsNamed() throws SQLException {
    assertThat(refusal(Map.of("dbtable", "t", "batchsize", "10", "Truncate", "true")))
        .isEqualTo(
            "unknown option batchsize (did you mean rows-per-batch?), truncate for format \"backfill\"; it knows url, user, password, dbtable, mode, key,"
                + " owns, diff, rejected-rows, counts, stream, batch, ledger, distribution, writers, rows-per-batch, protocol, lock-timeout, statement-timeout, retry-for");
  }

  @ParameterizedTest
  @CsvSource({
    "rowsperbatch, rows-per-batch",
    "rejected_rows, rejected-rows",
    "moed, mode",
    "table, dbtable",
    "numPartitions, writers",
    "statement-timout, statement-timeout",
  })
  void unknownOptionIsNamedWithTheOneThatWasMeant(String given, String meant) throws SQLException {
    assertThat(refusal(Map.of("dbtable", "t", given, "1")))
        .startsWith(
            "unknown option %s (did you mean %s?) for format \"backfill\"; it knows url, "
                .formatted(given.toLowerCase(java.util.Locale.ROOT), meant));
  }

  @Test
  void tableMustBeNamed() throws SQLException {
    assertThat(refusal(Map.of()))
        .isEqualTo("option dbtable is missing; format \"backfill\" needs the table to write");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "writers | 0 | option writers must be 1 to 64, got 0",
        "writers | 65 | option writers must be 1 to 64, got 65",
        "rows-per-batch | many | option rows-per-batch must be 1 to 1000000, got many",
        "lock-timeout | 5 s | option lock-timeout must be 1 to 86400, got 5 s",
        "statement-timeout | -1 | option statement-timeout must be 1 to 86400, got -1",
        "rejected-rows | -1 | option rejected-rows must be 0 to 1000000000, got -1",
        "diff | yes | option diff must be true or false, got yes",
        "counts | a.b | 'option counts names a temporary view, in letters, digits and underscores; got a.b'",
        "retry-for | 0 | option retry-for must be 1 to 86400, got 0",
        "distribution | hash | option distribution must be range or none, got hash",
        "mode | upset | 'option mode must be ignore, update, upsert or error, got upset; did you mean upsert?'",
        "mode | overwrite | 'option mode must be ignore, update, upsert or error, got overwrite'",
        "protocol | unest | option protocol must be unnest or copy, got unest; did you mean unnest?",
        "url | jdbc:mysql://h/d | option url is not a PostgreSQL JDBC URL: it begins with jdbc:mysql:; expected jdbc:postgresql://host:5432/name, without user and password",
        "job | x | option job is for the job's own use; name the target by dbtable and url",
      })
  void valueOutOfRangeIsNamedWithItsRange(String option, String value, String message)
      throws SQLException {
    assertThat(refusal(Map.of("dbtable", "t", option, value))).isEqualTo(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nope | '' | dbtable: table nope does not exist in the search path (\"$user\", public)",
        "public.tt | '' | dbtable: table tt does not exist in schema public; did you mean t?",
        "a.b.c | '' | dbtable: `a.b.c` is not a table's name; write table or schema.table, quoted as in SQL",
        "v | '' | dbtable: v is a view; only a table can be filled",
        "keyless | '' | key: keyless has no primary key; name the columns of a unique index",
        "t | nope | key: t has no column \"nope\"",
        "t | b | key: t has no unique index that says which rows are the same by exactly (\"b\"); CREATE UNIQUE INDEX"
            + " CONCURRENTLY ON \"public\".\"t\" (\"b\")",
      })
  void targetThatCannotBeFilledIsRefused(String table, String key, String message)
      throws SQLException {
    Map<String, String> options =
        key.isEmpty() ? Map.of("dbtable", table) : Map.of("dbtable", table, "key", key);
    assertThat(refusal(options)).isEqualTo(message);
  }

  @Test
  void primaryKeyWithoutOverlapsSaysNotWhichRowsAreTheSame() throws SQLException {
    assumeThat(database.count("SELECT current_setting('server_version_num')::int"))
        .as("WITHOUT OVERLAPS came with PostgreSQL 18")
        .isGreaterThanOrEqualTo(180000);
    database.execute(
        "CREATE TABLE temporal (k int4range, valid tstzrange, PRIMARY KEY (k, valid WITHOUT OVERLAPS))");

    assertThat(
            refusal(
                "SELECT '[1,2)' AS k, '[2026-01-01,2026-02-01)' AS valid",
                Map.of("dbtable", "temporal")))
        .isEqualTo(
            "key: temporal has no unique index that says which rows are the same by exactly (\"k\", \"valid\"); CREATE UNIQUE INDEX"
                + " CONCURRENTLY ON \"public\".\"temporal\" (\"k\", \"valid\")");
  }

  @Test
  void columnThatTheTableLacksIsNamed() throws SQLException {
    assertThat(refusal("SELECT 1 AS a, 2 AS B, 3 AS c", Map.of("dbtable", "t")))
        .isEqualTo(
            "columns: t has no column \"B\" (there is \"b\", and to PostgreSQL that is another name: case counts); name the"
                + " DataFrame's columns as the table's\ncolumns: t has no column \"c\"; name the"
                + " DataFrame's columns as the table's");
  }

  @Test
  void columnOfTheKeyThatTheInputLacksIsNamed() throws SQLException {
    assertThat(refusal("SELECT 2 AS b", Map.of("dbtable", "t")))
        .isEqualTo(
            "columns: the DataFrame has no column a, and the key of t is (a); add it, or name another unique index's columns"
                + " by option key");
  }

  @Test
  void columnsWhoseValuesCannotBeCarriedAreNamedWithWhatToWriteInstead() throws SQLException {
    database.execute(
        "CREATE DOMAIN callback AS regprocedure",
        "CREATE TABLE hooks (a int PRIMARY KEY, f regproc, c callback, r regclass[], tree pg_node_tree)");

    assertThat(
            refusal(
                "SELECT 1 AS a, 'now' AS f, 'now()' AS c, array('t') AS r, 'x' AS tree",
                Map.of("dbtable", "hooks")))
        .isEqualTo(
            """
            columns: hooks.f is regproc, whose values name objects of one database; drop it from the DataFrame, and write the objects' names into a text column
            columns: hooks.c is callback, whose values name objects of one database; drop it from the DataFrame, and write the objects' names into a text column
            columns: hooks.r is regclass[], whose values name objects of one database; drop it from the DataFrame, and write the objects' names into a text column
            columns: hooks.tree is pg_node_tree, whose values no statement can write; drop it from the DataFrame""");
  }

  @Test
  void tableThatIsLockedIsGivenUpAfterLockTimeout() throws SQLException {
    try (Connection holder = database.connection()) {
      holder.setAutoCommit(false);
      holder.createStatement().execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
      Throwable failure =
          catchThrowable(
              () ->
                  writer("SELECT 1 AS a, 2 AS b", Map.of("dbtable", "t", "lock-timeout", "1"))
                      .save());
      assertThat(failure)
          .hasMessageStartingWith("cannot look up t at ")
          .hasMessageContaining(": no lock was had within 1 s (lock-timeout): pid ")
          .hasMessageContaining(
              " holds ACCESS EXCLUSIVE on t; wait until that has ended, or end it");
    }
  }

  @Test
  void typeWithoutATextIsRefused() {
    assertThatThrownBy(() -> writer("SELECT 1 AS a, map(1, 2) AS b", Map.of("dbtable", "t")).save())
        .hasMessage(
            "column b has Spark's type map<int,int>, which format \"backfill\" cannot write; cast it to a string"
                + " that PostgreSQL reads");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "overwrite | format \"backfill\" never removes a row, so mode overwrite is refused; use mode append",
        "ignore | format \"backfill\" writes into a table that is there, which mode ignore would leave as it is; use"
            + " mode append",
      })
  void modeThatIsNotAppendIsRefused(String mode, String message) throws SQLException {
    assertThatThrownBy(
            () -> writer("SELECT 1 AS a, 2 AS b", Map.of("dbtable", "t")).mode(mode).save())
        .hasMessage(message);
    assertThat(database.count("SELECT count(*) FROM t")).isZero();
  }

  @Test
  void lookingFirstAndCopyAreNotToBeHadTogether() throws SQLException {
    assertThat(refusal(Map.of("dbtable", "t", "diff", "true", "protocol", "copy")))
        .isEqualTo(
            "option diff = true looks at each row first, which protocol = copy cannot; leave one of them out");
    assertThat(refusal(Map.of("dbtable", "t", "mode", "upsert", "protocol", "copy")))
        .isEqualTo(
            "option mode = upsert sets rows, which protocol = copy cannot; leave protocol out");
    assertThat(refusal(Map.of("dbtable", "t", "mode", "error", "diff", "true")))
        .isEqualTo(
            "option diff = true leaves out rows that are there, and mode = error fails for them; leave one of them out");
  }

  @Test
  void partialIndexWithoutAWordOnItsRowsIsRefused() throws SQLException {
    database.execute(
        "CREATE TABLE soft (file_id bigint NOT NULL, uid text NOT NULL, deleted_at timestamptz, hidden bool NOT NULL)",
        "CREATE UNIQUE INDEX live ON soft (file_id, uid) WHERE deleted_at IS NULL");
    String rows = "SELECT 1L AS file_id, 'a' AS uid, true AS hidden";
    Map<String, String> options = Map.of("dbtable", "soft", "key", "file_id,uid");

    assertThat(refusal(rows, options))
        .isEqualTo(
            "key: soft has no unique index that says which rows are the same by exactly (\"file_id\", \"uid\") (live"
                + " covers only rows WHERE (deleted_at IS NULL)); where all rows of this are among these, say so: owns ="
                + " \"(deleted_at IS NULL)\"");
    assertThat(refusal(rows, with(options, "owns", "NOT hidden")))
        .startsWith("key: soft has no unique index that says");
    assertThat(refusal(rows, with(options, "owns", "deleted_at IS NULL AND gone")))
        .contains("owns: it cannot be asked: column \"gone\" does not exist");
    database.execute("ALTER TABLE soft ALTER deleted_at SET DEFAULT 'epoch'");
    assertThat(refusal(rows, with(options, "owns", "deleted_at IS NULL")))
        .isEqualTo(
            "owns: no row that is added would be among those that owns says (deleted_at IS NULL): deleted_at is"
                + " '1970-01-01 00:00:00+00'::timestamp with time zone by default; give new rows such a value, or the"
                + " column such a default");
  }

  private static Map<String, String> with(Map<String, String> options, String name, String value) {
    Map<String, String> more = new HashMap<>(options);
    more.put(name, value);
    return more;
  }

  @Test
  void columnsAndRightsThatAreLackingAreNamedAtOnce() throws SQLException {
    String role = "reader_of_" + database.name();
    database.execute(
        "CREATE TABLE strict (id int PRIMARY KEY, \"Name\" text NOT NULL, twice int GENERATED ALWAYS AS (id * 2) STORED)",
        "CREATE ROLE " + role + " LOGIN PASSWORD 'reader'",
        "GRANT SELECT ON strict TO " + role);
    try {
      assertThat(
              refusal(
                  "SELECT 1 AS id, 'x' AS name, 2 AS twice",
                  Map.of("dbtable", "strict", "user", role, "password", "reader")))
          .isEqualTo(
              "columns: strict has no column \"name\" (there is \"Name\", and to PostgreSQL that is another name: case"
                  + " counts); name the DataFrame's columns as the table's\ncolumns: strict.Name is NOT NULL without a"
                  + " default, and the DataFrame has no such column (there is \"name\", and to PostgreSQL that is another"
                  + " name: case counts); add it\ncolumns: strict.twice is a generated column and cannot be written; drop it"
                  + " from the DataFrame\ndbtable: no right to INSERT on strict; GRANT INSERT (\"id\", \"twice\") ON"
                  + " \"public\".\"strict\" TO \""
                  + role
                  + "\"");
    } finally {
      database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }

  @Test
  void partitionByIsRefused() {
    assertThatThrownBy(
            () -> writer("SELECT 1 AS a, 2 AS b", Map.of("dbtable", "t")).partitionBy("a").save())
        .hasMessage(
            "format \"backfill\" writes into a table as it is partitioned; leave out partitionBy");
  }

  @Test
  void urlComesFromTheEnvironmentWithoutOne() {
    // Nobody sets it for the tests: so its name is in the answer.
    assertThatThrownBy(
            () ->
                TestingSpark.session()
                    .sql("SELECT 1 AS a")
                    .write()
                    .format("backfill")
                    .mode("append")
                    .option("dbtable", "t")
                    .save())
        .hasMessage(
            "option url is not given, and the environment does not say where to write: BACKFILL_URL: not set; set it"
                + " to the database's JDBC URL, as in jdbc:postgresql://host:5432/name");
  }

  @Test
  void serverThatDoesNotAnswerIsNamedWithoutThePassword() {
    assertThatThrownBy(
            () ->
                writer("SELECT 1 AS a", Map.of("dbtable", "t"))
                    .option("url", "jdbc:postgresql://localhost:1/d?user=x")
                    .save())
        .hasMessageStartingWith(
            "cannot look up t at " + database.user() + " at jdbc:postgresql://localhost:1/d: ")
        .hasMessageNotContaining(database.password());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://me:hunter2@localhost:1/d",
        "jdbc:postgresql://localhost:1/d?password=hunter2",
        "jdbc:postgresql://localhost:1/d;password=hunter2"
      })
  void urlThatHoldsAPasswordIsRefusedWithoutIt(String url) {
    assertThatThrownBy(
            () -> writer("SELECT 1 AS a", Map.of("dbtable", "t")).option("url", url).save())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("option url h")
        .hasMessageContaining("option password")
        .hasMessageNotContaining("hunter2");
  }
}
