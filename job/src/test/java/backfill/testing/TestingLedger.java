package backfill.testing;

import java.sql.SQLException;

/**
 * Asks the ledger of a run that may only just have begun: until the run has made its tables, the
 * answer is that they hold nothing.
 */
public final class TestingLedger {
  private TestingLedger() {}

  /** Whether a run has made all of its tables; it makes them in one transaction. */
  public static boolean isThere(TestingDatabase database) throws SQLException {
    return database.count(
            "SELECT count(to_regclass('backfill.run')) * count(to_regclass('backfill.batch'))"
                + " * count(to_regclass('backfill.lease'))")
        == 1;
  }

  /** The number that a query of the ledger answers with; 0 where there is none yet. */
  public static long count(TestingDatabase database, String sql) throws SQLException {
    return isThere(database) ? database.count(sql) : 0;
  }
}
