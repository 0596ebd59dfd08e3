package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a run says it waits for: never a session of its own. */
class WaitsTest {
  private static final String OURS = "backfill plan 1234abcd";
  private static final String LOCK = "SELECT pg_advisory_lock(42)";

  private TestingDatabase database;
  private Connection holder;
  private Connection waiting;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterEach
  void drop() throws SQLException {
    holder.close();
    waiting.close();
    database.close();
  }

  private Connection connect(String name) throws SQLException {
    return DriverManager.getConnection(
        database.url() + "?ApplicationName=" + name.replace(" ", "%20"),
        database.user(),
        database.password());
  }

  /** What is said once one of ours waits for the lock of a session of this name. */
  private Optional<String> waitsFor(String name) throws Exception {
    holder = connect(name);
    holder.createStatement().execute(LOCK);
    waiting = connect(OURS + " #1");
    CompletableFuture<Void> taking =
        CompletableFuture.runAsync(
            () -> {
              try {
                waiting.createStatement().execute(LOCK);
              } catch (SQLException e) {
                throw new AssertionError(e);
              }
            });
    while (database.count(
            "SELECT count(*) FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND locktype = 'advisory' AND NOT granted")
        == 0) {
      Thread.onSpinWait();
    }
    Database main =
        Database.fromEnvironment("BACKFILL", database.environment(), Duration.ofSeconds(5));
    try (Waits waits = new Waits(NamedDatabases.only(main), OURS)) {
      return waits.current(Duration.ofSeconds(10));
    } finally {
      holder.createStatement().execute("SELECT pg_advisory_unlock(42)");
      taking.join();
    }
  }

  @Test
  void anotherSessionThatBlocksOneOfOursIsNamed() throws Exception {
    assertThat(waitsFor("nightly report"))
        .get()
        .asString()
        .startsWith("pid ")
        .contains("(nightly report, ", "blocks our pid ");
  }

  @Test
  void oneOfOursThatBlocksAnotherIsNot() throws Exception {
    assertThat(waitsFor(OURS + " #0")).isEmpty();
  }

  @Test
  void anotherRunOfTheSamePlanIs() throws Exception {
    assertThat(waitsFor("backfill plan 99999999 #0")).isPresent();
  }
}
