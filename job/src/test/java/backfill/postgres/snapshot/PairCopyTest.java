package backfill.postgres.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.postgres.server.Database;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPoolingProxy;
import backfill.testing.TestingPostgres;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a read by COPY is left. */
class PairCopyTest {
  private static final String BEGIN = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";

  private static String copy(String pairs) {
    return "COPY (SELECT %s FROM (SELECT generate_series(1::int8, 50000000) AS n) s) TO STDOUT (FORMAT binary)"
        .formatted(pairs);
  }

  /** To go on, the driver would wait for the rest. */
  @Test
  @Timeout(120)
  void oneThatIsBrokenOffEndsAtOnceAndOneThatFailedEndsItsTransaction() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase();
        TestingPoolingProxy pooler = new TestingPoolingProxy(database.url(), 1)) {
      String password = database.password();
      Duration patience = Duration.ofSeconds(5);
      Database direct = Database.at(database.url(), database.user(), password, patience);
      Database pooled =
          Database.at(pooler.url(database.url()), database.user(), password, patience);

      try (PairCopy copy = new PairCopy(direct, BEGIN, "broken off")) {
        copy.start(copy("n, n"));
        assertThat(copy.next()).isTrue();
      }
      try (PairCopy copy = new PairCopy(pooled, BEGIN, "failed")) {
        copy.start(copy("n, 1 / (3 - n)"));
        assertThat(copy.next()).isTrue();
        assertThat(copy.next()).isTrue();
        assertThatThrownBy(copy::next).hasMessageContaining("division by zero");
      }

      assertThat(pooler.leftInTransaction()).isZero();
    }
  }
}
