package backfill.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Direct grants in a database of their own, plans that copy them into table {@code access}, and
 * faults that the server makes while a run writes there.
 */
public final class TestingGrants implements AutoCloseable {
  /** Of every session of a run of {@link #plan}. */
  public static final String SESSIONS =
      " FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'backfill %'";

  /** Of those that wait for a lock of somebody's. */
  public static final String BLOCKED = SESSIONS + " AND cardinality(pg_blocking_pids(pid)) > 0";

  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

  public final TestingDatabase database;
  private final Path directory;

  private TestingGrants(TestingDatabase database, Path directory) {
    this.database = database;
    this.directory = directory;
  }

  /** Every one of these users has a grant on every one of these objects; nothing is written yet. */
  public static TestingGrants of(int objects, int users) throws SQLException, IOException {
    TestingDatabase database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE member (object_id bigint, user_id bigint)",
        "CREATE TABLE access (object_id bigint, user_id bigint, PRIMARY KEY (object_id, user_id))",
        "INSERT INTO member SELECT o, u FROM generate_series(1, %d) o, generate_series(1, %d) u"
            .formatted(objects, users),
        "CREATE SEQUENCE batches");
    return new TestingGrants(database, Files.createTempDirectory("backfill-grants"));
  }

  /** From here on the grants fill some 1000 blocks: enough for more than one range to read. */
  public TestingGrants widen() throws SQLException {
    database.execute(
        "ALTER TABLE member ADD COLUMN filler text",
        "ALTER TABLE member ALTER filler SET STORAGE PLAIN",
        "UPDATE member SET filler = repeat('x', 8000 * 1000 / (SELECT count(*) FROM member)::integer)");
    database.execute("VACUUM FULL member");
    return this;
  }

  /** A plan of this name, in batches of 200 rows and with these settings; where it was put. */
  public String plan(String name, String... settings) throws IOException {
    return planOf("member", name, settings);
  }

  /** Likewise, of those grants alone for which a PostgreSQL condition holds. */
  public String planWhere(String condition, String name, String... settings) throws IOException {
    return planOf("{ table = member, where = \"" + condition + "\" }", name, settings);
  }

  private String planOf(String source, String name, String... settings) throws IOException {
    Path file = directory.resolve(name + ".conf");
    Files.writeString(
        file,
        """
        name = %s
        sources { member = %s }
        write { writers = 2, rows-per-batch = 200 }
        %s
        steps = [
          { name = pairs, kind = pairs
            direct = [{ from = member, object = object_id, user = user_id }]
            into   = { table = access, object = object_id, user = user_id } }
        ]
        """
            .formatted(name, source, String.join("\n", settings)));
    return file.toString();
  }

  /**
   * From here on this happens before each statement that inserts into {@code access}; {@code n} is
   * its number from 1, whoever sends it.
   */
  public TestingGrants beforeEachBatch(String plpgsql) throws SQLException {
    database.execute(
        """
        CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS
          $$ DECLARE n bigint := nextval('batches'); BEGIN %s RETURN NULL; END $$
        """
            .formatted(plpgsql),
        // Not again: it would wait for whoever is in the middle of a batch.
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'fault') THEN CREATE TRIGGER fault"
            + " BEFORE INSERT ON access FOR EACH STATEMENT EXECUTE FUNCTION fault(); END IF; END $$");
    return this;
  }

  /** How many statements the trigger has seen. */
  public long batchesSent() throws SQLException {
    return database.count("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM batches");
  }

  public long rows() throws SQLException {
    return database.count("SELECT count(*) FROM access");
  }

  /** Pairs that are granted and not there, and pairs that are there and not granted. */
  public long differences() throws SQLException {
    return database.count(
        "SELECT count(*) FROM member m FULL JOIN access a USING (object_id, user_id)"
            + " WHERE m.* IS NULL OR a.* IS NULL");
  }

  /** What the ledger says all runs inserted. */
  public long ledgerRows() throws SQLException {
    return database.count("SELECT coalesce(sum(changed), 0)::bigint FROM backfill.batch");
  }

  /** What the ledger says this run inserted. */
  public long ledgerRows(String runId) throws SQLException {
    return database.count(
        "SELECT coalesce(sum(changed), 0)::bigint FROM backfill.batch WHERE run_id = '"
            + runId
            + "'");
  }

  /** Whether a query answers true. */
  public boolean holds(String condition) throws SQLException {
    return database.rows("SELECT " + condition).equals(List.of(List.of(true)));
  }

  /** Waits until a query answers true. */
  public void await(String what, String condition) throws Exception {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!holds(condition)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("waited in vain until " + what);
      }
      Thread.sleep(20);
    }
  }

  @Override
  public void close() throws SQLException {
    database.close();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
