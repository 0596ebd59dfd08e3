package backfill.testing;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A run that waits for a lock of the test's own, so that something can happen meanwhile: in the
 * session that holds the lock, committed as it is released.
 */
public final class TestingHeldRun implements AutoCloseable {
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final TestingDatabase database;
  private final Connection holder;
  private final CompletableFuture<TestingRun> run;

  private TestingHeldRun(
      TestingDatabase database, Connection holder, CompletableFuture<TestingRun> run) {
    this.database = database;
    this.holder = holder;
    this.run = run;
  }

  /** Starts a run, and returns once it waits to write this table. */
  public static TestingHeldRun writing(TestingDojo there, String table) throws Exception {
    return writing(there.database, table, options -> there.run("run", options));
  }

  /**
   * Starts a run, and returns once it waits to write this table.
   *
   * @param run runs something in the database, with these options
   */
  public static TestingHeldRun writing(
      TestingDatabase database, String table, Function<String[], TestingRun> run) throws Exception {
    return behind(database, run, "LOCK TABLE " + table + " IN SHARE MODE");
  }

  /**
   * Starts a run, and returns once it waits for a lock that these statements took.
   *
   * @param run runs something in the database, with these options
   */
  public static TestingHeldRun behind(
      TestingDatabase database, Function<String[], TestingRun> run, String... statements)
      throws Exception {
    TestingSpark.session();
    Connection holder = database.connection();
    holder.setAutoCommit(false);
    for (String statement : statements) {
      execute(holder, statement);
    }
    String[] options = {"--set", "lock-timeout=60 s"};
    TestingHeldRun held =
        new TestingHeldRun(
            database, holder, CompletableFuture.supplyAsync(() -> run.apply(options)));
    held.awaitWaiting();
    return held;
  }

  private void awaitWaiting() throws Exception {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (database.count("SELECT count(*)" + TestingGrants.BLOCKED) == 0) {
      if (run.isDone()) {
        throw new AssertionError("the run never waited: " + run.get().said());
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("the run does not come to its lock");
      }
      Thread.sleep(100);
    }
  }

  /** Changes something in the session that holds the lock. */
  public TestingHeldRun meanwhile(String... statements) throws SQLException {
    for (String statement : statements) {
      execute(holder, statement);
    }
    return this;
  }

  /** Releases the lock and waits for the end of the run. */
  public TestingRun release() throws Exception {
    holder.commit();
    return run.get(PATIENCE_NANOS, TimeUnit.NANOSECONDS);
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** A run that a failed test left waiting ends before its database goes. */
  @Override
  public void close() throws SQLException {
    holder.close();
    run.exceptionally(failure -> null).join();
  }
}
