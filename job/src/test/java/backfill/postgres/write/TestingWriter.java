package backfill.postgres.write;

import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Operation;
import backfill.postgres.server.Database;
import backfill.postgres.server.TableName;
import backfill.testing.TestingDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** Batches for a database of a test: what a writer needs, with short times. */
public final class TestingWriter {
  public static final String APPLICATION_NAME = "backfill test #0";

  private TestingWriter() {}

  static Database database(String url, TestingDatabase of) {
    return Database.fromEnvironment(
        "BACKFILL",
        Map.of("BACKFILL_URL", url, "BACKFILL_USER", of.user(), "BACKFILL_PASSWORD", of.password()),
        Duration.ofSeconds(10));
  }

  public static Database database(TestingDatabase of) {
    return database(of.url(), of);
  }

  /** Adds rows of {@code t (a bigint, b bigint)}, whose key is both. */
  public static WriteTarget pairs(Database database, Duration lockTimeout, Duration retryFor) {
    return new WriteTarget(
        new WriteTarget.Where(database, new TableName("public", "t")),
        new WriteTarget.WrittenColumns(
            List.of(new TargetColumn("a", "bigint"), new TargetColumn("b", "bigint")),
            List.of("a", "b")),
        WriteTarget.Conflict.of("ON CONFLICT (\"a\", \"b\")"),
        Operation.INSERT_MISSING,
        new WriteTarget.Timeouts(lockTimeout, Duration.ofSeconds(30), retryFor),
        RejectionRules.STRICT);
  }

  public static WriteTarget pairs(Database database) {
    return pairs(database, Duration.ofSeconds(5), Duration.ofSeconds(20));
  }

  /** The same with other rules for rows that the server refuses. */
  public static WriteTarget under(WriteTarget target, RejectionRules rules) {
    return new WriteTarget(
        new WriteTarget.Where(target.database(), target.table()),
        new WriteTarget.WrittenColumns(target.columns(), target.key()),
        WriteTarget.Conflict.of(target.onConflict()),
        target.operation(),
        new WriteTarget.Timeouts(
            target.lockTimeout(), target.statementTimeout(), target.retryFor()),
        rules);
  }

  /** Rows (a, from) to (a, to), the last one excluded. */
  public static Batch batch(BatchWriter writer, long a, long from, long to) {
    Batch batch = writer.newBatch();
    for (long b = from; b < to; b++) {
      batch.add(0, a);
      batch.add(1, b);
    }
    return batch;
  }

  /** Runs beside the test; {@link Beside#get} waits for its end and passes on what it threw. */
  public static <T> Beside<T> beside(Callable<T> work) {
    return new Beside<>(work);
  }

  /** One piece of work on a thread of its own. */
  public static final class Beside<T> {
    private final List<T> result = new ArrayList<>();
    private final List<Exception> failures = new ArrayList<>();
    private final Thread thread;

    private Beside(Callable<T> work) {
      thread =
          new Thread(
              () -> {
                try {
                  result.add(work.call());
                } catch (Exception e) {
                  failures.add(e);
                }
              });
      thread.start();
    }

    public T get() throws Exception {
      thread.join();
      if (!failures.isEmpty()) {
        throw failures.get(0);
      }
      return result.get(0);
    }
  }

  /** Waits until the server says yes. */
  public static void await(TestingDatabase database, String condition) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!(Boolean) database.rows("SELECT " + condition).get(0).get(0)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not within 20 s: " + condition);
      }
      Thread.sleep(20);
    }
  }

  /** Waits until a session of the writer's waits for a lock. */
  public static void awaitBlocked(TestingDatabase database) throws Exception {
    await(
        database,
        "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = '"
            + APPLICATION_NAME
            + "' AND wait_event_type = 'Lock')");
  }

  static List<List<Object>> rows(TestingDatabase database) throws SQLException {
    return database.rows("SELECT a, b FROM t ORDER BY a, b");
  }
}
