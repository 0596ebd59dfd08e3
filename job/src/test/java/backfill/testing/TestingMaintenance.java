package backfill.testing;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** An administrator who looks after the tables of a plan while it runs. */
final class TestingMaintenance {
  /** A lock that is not to be had, a deadlock, or an index that has gone meanwhile. */
  private static final Set<String> NOT_NOW =
      Set.of("55P03", "40P01", "42P01", "42704", "42703", "XX000");

  private TestingMaintenance() {}

  /** Goes on until the run is over; how many statements were done. */
  static long meanwhile(TestingFaultScene scene, Random random, BooleanSupplier over)
      throws Exception {
    List<String> tables = new ArrayList<>(scene.tables.plan().sources());
    scene.tables.plan().targets().forEach(target -> tables.add(target.table()));
    String column = TestingFaultedTables.UNRELATED;
    long done = 0;
    try (Connection connection = scene.database.connection()) {
      TestingFault.execute(connection, "SET lock_timeout = 400");
      while (!over.getAsBoolean()) {
        String table = tables.get(random.nextInt(tables.size()));
        String statement =
            switch (random.nextInt(4)) {
              case 0 -> "VACUUM FULL " + table;
              case 1 -> "REINDEX TABLE CONCURRENTLY " + table;
              case 2 -> "ALTER TABLE %s ADD COLUMN IF NOT EXISTS %s int".formatted(table, column);
              default -> "ALTER TABLE %s DROP COLUMN IF EXISTS %s".formatted(table, column);
            };
        done += attempt(connection, statement) ? 1 : 0;
        Thread.sleep(random.nextInt(30));
      }
      for (String table : tables) {
        TestingFault.execute(
            connection,
            "SET lock_timeout = 0; ALTER TABLE %s DROP COLUMN IF EXISTS %s"
                .formatted(table, column));
      }
    }
    dropInvalid(scene.database);
    return done;
  }

  private static boolean attempt(Connection connection, String statement) throws SQLException {
    try {
      TestingFault.execute(connection, statement);
      return true;
    } catch (SQLException e) {
      if (!NOT_NOW.contains(e.getSQLState())) {
        throw new SQLException(statement + ": " + e.getMessage(), e);
      }
      return false;
    }
  }

  /** What a REINDEX that gave up has left. */
  private static void dropInvalid(TestingDatabase database) throws SQLException {
    for (List<Object> index :
        database.rows(
            "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indexrelid"
                + " WHERE c.relname ~ '_cc(new|old)[0-9]*$' AND c.relnamespace <> 'pg_toast'::regnamespace")) {
      database.execute("DROP INDEX " + index.get(0));
    }
  }
}
