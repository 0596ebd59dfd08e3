package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingApiKeys;
import backfill.testing.TestingGrants;
import backfill.testing.TestingRun;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Coder's plan beside an old Coder that is up, and beside a report that reads on while the run
 * waits for its lock.
 */
class ApiKeysOnlineTest {
  /** How long the reader reads on after the run came to wait for it. */
  private static final Duration HELD = Duration.ofSeconds(5);

  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicLong longestNanos = new AtomicLong();

  @Test
  void oldApplicationIsNeverRefusedAndNeverWaitsLongerThanTheLockTimeout() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create().many(20_000);
        Connection reader = keys.database.connection()) {
      reader.setAutoCommit(false);
      reader.createStatement().executeQuery("SELECT count(*) FROM api_keys, oauth2_provider_apps");
      CompletableFuture<Void> letsGo =
          CompletableFuture.runAsync(() -> letGoOnceItWaited(keys, reader));
      CompletableFuture<Long> application = CompletableFuture.supplyAsync(() -> insertAll(keys));
      TestingRun run =
          keys.run(
              "run",
              "--until",
              "fill",
              "--set",
              "lock-timeout=500 ms",
              "--set",
              "write.rows-per-batch=2000");
      over.set(true);
      long inserted = application.get(1, TimeUnit.MINUTES);
      letsGo.join();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(Duration.ofNanos(longestNanos.get())).isLessThan(HELD.dividedBy(2));
      assertThat(inserted).isGreaterThan(50);
      assertThat(run.said()).contains("waits for pid");
      assertThat(
              run.counts("scopes", "retries").get(0) + run.counts("token-index", "retries").get(0))
          .isNotNegative();
      assertThat(run.counts("purge", "deleted", "missing")).containsExactly(10_000L, 0L);
      assertThat(run.counts("fill", "missing")).containsExactly(0L);
      TestingRun rest = keys.run("run");
      assertThat(rest.code()).as(rest.said()).isZero();
      assertThat(
              keys.database.count(
                  "SELECT count(*) FROM api_keys WHERE id LIKE 'app%' AND scopes = '{application_connect}'"))
          .isEqualTo(inserted);
    }
  }

  /** As the reader does it: what waits behind a statement that waits for a lock waits too. */
  @Test
  void addedColumnGivesWayToTheApplicationWhileAReaderHoldsTheTable() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create().many(10);
        Connection reader = keys.database.connection()) {
      assertThat(keys.run("run", "--until", "scope-values").code()).isZero();
      reader.setAutoCommit(false);
      reader.createStatement().executeQuery("SELECT count(*) FROM api_keys");
      CompletableFuture<Void> letsGo =
          CompletableFuture.runAsync(() -> letGoOnceItWaited(keys, reader));
      CompletableFuture<Long> application = CompletableFuture.supplyAsync(() -> insertAll(keys));
      TestingRun run = keys.run("run", "--until", "fill", "--set", "lock-timeout=500 ms");
      over.set(true);
      application.get(1, TimeUnit.MINUTES);
      letsGo.join();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts("scopes", "retries").get(0)).isPositive();
      assertThat(Duration.ofNanos(longestNanos.get())).isLessThan(HELD.dividedBy(2));
    }
  }

  /** What waited behind a statement without a time limit would wait as long. */
  private static void letGoOnceItWaited(TestingApiKeys keys, Connection reader) {
    try {
      while (keys.database.count("SELECT count(*)" + TestingGrants.BLOCKED) == 0) {
        Thread.sleep(5);
      }
      Thread.sleep(HELD.toMillis());
      reader.commit();
    } catch (SQLException | InterruptedException e) {
      throw new AssertionError("the reader holds its locks", e);
    }
  }

  /** Reads a key and inserts one, every 50 ms; how many it inserted. */
  private long insertAll(TestingApiKeys keys) {
    long inserted = 0;
    try (Connection connection = keys.database.connection();
        Statement statement = connection.createStatement()) {
      while (!over.get()) {
        long started = System.nanoTime();
        statement.execute("SELECT id, scope FROM api_keys WHERE id = 'key1'");
        long read = System.nanoTime();
        statement.execute(
            TestingApiKeys.insert("app" + inserted, "'infinity'", "application_connect"));
        longestNanos.accumulateAndGet(
            Math.max(read - started, System.nanoTime() - read), Math::max);
        inserted++;
        Thread.sleep(50);
      }
      return inserted;
    } catch (Exception e) {
      throw new AssertionError("the application was refused", e);
    }
  }
}
