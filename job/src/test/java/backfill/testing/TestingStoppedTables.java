package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A database for runs that are stopped on their way: members who become grants, in a plan whose
 * batches have {@value #BATCH} rows, and the means to see when our sessions are gone.
 */
public final class TestingStoppedTables implements AutoCloseable {
  static final int BATCH = 50;
  public static final String BLOCKED = "wait_event_type = 'Lock'";
  public static final String ASLEEP = "wait_event = 'PgSleep'";
  public static final String PREFLIGHT = "application_name LIKE '% preflight'";

  private static final String OURS =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
          + " AND application_name LIKE 'backfill stopped %'";
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

  public final TestingDatabase database;
  final Path plan;
  final Path report;

  private TestingStoppedTables(TestingDatabase database, Path directory) {
    this.database = database;
    this.plan = directory.resolve("stopped.conf");
    this.report = directory.resolve("report.json");
  }

  /**
   * @param where a condition on the members, as PostgreSQL takes it
   */
  public static TestingStoppedTables create(Path directory, String where)
      throws SQLException, IOException {
    TestingStoppedTables tables =
        new TestingStoppedTables(TestingPostgres.shared().createDatabase(), directory);
    tables.database.execute(
        "CREATE TABLE members AS SELECT o::int8 AS object, u::int8 AS person"
            + " FROM generate_series(1, 40) o, generate_series(1, 50) u",
        "CREATE TABLE granted (id int8 GENERATED ALWAYS AS IDENTITY, object int8 NOT NULL,"
            + " person int8 NOT NULL, UNIQUE (object, person))",
        "CREATE TABLE granted_later (LIKE granted INCLUDING ALL)");
    Files.writeString(
        tables.plan,
        """
        name = stopped
        sources { members { table = members, where = "%s" } }
        steps = [
          { name = first, kind = pairs, direct = [{ from = members, object = object, user = person }]
            into = { table = granted, object = object, user = person } }
          { name = second, kind = pairs, direct = [{ from = members, object = object, user = person }]
            into = { table = granted_later, object = object, user = person } }
        ]
        lock-timeout = 60 s
        write { writers = 2, rows-per-batch = %d }
        """
            .formatted(where, BATCH));
    return tables;
  }

  public String[] command(String... more) {
    return Stream.concat(
            Stream.of("run", plan.toString(), "--report", report.toString()), Stream.of(more))
        .toArray(String[]::new);
  }

  /** From now on every batch takes a second. */
  public TestingStoppedTables slow() throws SQLException {
    database.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$BEGIN PERFORM pg_sleep(1.0 / %d); RETURN NEW; END$$".formatted(BATCH),
        "CREATE TRIGGER slow BEFORE INSERT ON granted FOR EACH ROW EXECUTE FUNCTION slow()");
    return this;
  }

  public void fast() throws SQLException {
    database.execute("DROP TRIGGER slow ON granted");
  }

  /**
   * A transaction of somebody else's that has inserted a pair in the middle: its batch waits, those
   * before it are in. Closing it undoes the pair.
   */
  public Connection other() throws SQLException {
    Connection connection = database.connection();
    connection.setAutoCommit(false);
    connection.createStatement().execute("INSERT INTO granted (object, person) VALUES (30, 25)");
    return connection;
  }

  public long granted() throws SQLException {
    return database.count("SELECT count(*) FROM granted");
  }

  public long sessions() throws SQLException {
    return database.count(OURS);
  }

  /** Waits for a session of ours of this kind. */
  public void awaitSession(String condition, Callable<Boolean> ended) throws Exception {
    await(() -> database.count(OURS + " AND " + condition) > 0, ended);
  }

  public void awaitGranted(Callable<Boolean> ended) throws Exception {
    await(() -> granted() > 0, ended);
  }

  static void await(Callable<Boolean> condition, Callable<Boolean> ended) throws Exception {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!condition.call()) {
      if (ended.call() || System.nanoTime() > end) {
        throw new AssertionError("what the test waits for does not come");
      }
      Thread.sleep(20);
    }
  }

  public JsonNode report() throws IOException {
    return new ObjectMapper().readTree(report.toFile());
  }

  /** Whole batches alone, each counted, and the ledger knows how it ended. */
  public void assertStoppedInTheWrite(int code) throws Exception {
    JsonNode report = report();
    assertThat(report.path("status").asText()).isEqualTo("stopped");
    assertThat(report.path("exitCode").asInt()).isEqualTo(code);
    assertThat(report.path("error").isNull()).isTrue();
    assertThat(report.path("countsExact").asBoolean()).isTrue();
    JsonNode first = report.path("steps").path(0);
    assertThat(first.path("status").asText()).isEqualTo("stopped");
    assertThat(first.path("inserted").asLong()).isEqualTo(granted());
    assertThat(report.path("steps").path(1).path("status").asText()).isEqualTo("pending");
    assertThat(granted()).isPositive().isLessThan(2_000);
    assertThat(granted() % BATCH).isZero();
    assertThat(database.rows("SELECT status FROM backfill.run").toString())
        .isEqualTo("[[stopped]]");
  }

  /** What plain SQL says should be there, is, and nothing else. */
  public void assertComplete() throws SQLException {
    for (String target : new String[] {"granted", "granted_later"}) {
      assertThat(
              database.rows(
                  "(SELECT object, person FROM members EXCEPT SELECT object, person FROM %1$s)"
                          .formatted(target)
                      + " UNION ALL (SELECT object, person FROM %1$s EXCEPT SELECT object, person FROM members)"
                          .formatted(target)))
          .isEmpty();
    }
  }

  @Override
  public void close() throws SQLException {
    database.close();
  }
}
