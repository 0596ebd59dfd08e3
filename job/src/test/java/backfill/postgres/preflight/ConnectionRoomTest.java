package backfill.postgres.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.catalog.Findings;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPoolingProxy;
import backfill.testing.TestingPostgres;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How many connections are opened to see that all of them end on one server. */
class ConnectionRoomTest {
  private static final Duration SECONDS = Duration.ofSeconds(10);

  @Test
  void twoWhereTheServerHasTheAddressItselfAndElseAsManyAsThereWillBe() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase();
        TestingPoolingProxy between = new TestingPoolingProxy(database.url(), 8)) {
      assertThat(openedFor(database, database.url(), 6)).isEqualTo(2);
      assertThat(openedFor(database, between.url(database.url()), 6)).isEqualTo(6);
      assertThat(openedFor(database, between.url(database.url()), 1)).isEqualTo(2);
      assertThat(openedFor(database, between.url(database.url()), 60)).isEqualTo(8);
    }
  }

  /** The one that asks is counted, too. */
  private static int openedFor(TestingDatabase database, String url, int several) throws Exception {
    Database asked = Database.at(url, database.user(), database.password(), SECONDS);
    int[] opened = {1};
    try (var first = asked.connect("test")) {
      Findings findings = new Findings();
      ConnectionRoom.needOneServer(
          new ConnectionRoom.Way(
              new Inquiry(first, SECONDS, Duration.ZERO),
              asked.onlyAddress(),
              () -> {
                opened[0]++;
                return asked.connect("test");
              }),
          url,
          "BACKFILL_URL",
          several,
          findings);
      assertThat(findings.reasons()).isEmpty();
    }
    return opened[0];
  }
}
