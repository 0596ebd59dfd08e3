package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** A disk in memory with little room, on which a plan's targets are. */
final class TestingSmallDisk implements AutoCloseable {
  private static final int PAGE = 8192;
  private static Boolean allowed;

  private final Path place = Files.createTempDirectory("backfill-disk");
  private final TestingFaultScene scene;
  private final Connection old;

  TestingSmallDisk(TestingFaultScene scene, TestingFaultCase one) throws Exception {
    this.scene = scene;
    this.old = scene.database.connection();
    run("mount", "-t", "tmpfs", "-o", "size=32m,mode=0777", "none", place.toString());
    String space = "small_" + scene.database.name();
    scene.database.execute("CREATE TABLESPACE " + space + " LOCATION '" + place + "'");
    for (TestingFaultedPlan.Target target : scene.tables.plan().targets()) {
      // Few rows fill a page.
      scene.database.execute(
          "ALTER TABLE %s SET (fillfactor = 10)".formatted(target.table()),
          "ALTER TABLE %s SET TABLESPACE %s".formatted(target.table(), space));
    }
    scene.database.execute("CHECKPOINT");
    long free = (long) PAGE * one.random.nextInt(3);
    long filler = place.toFile().getFreeSpace() - free;
    Files.write(place.resolve("filler"), new byte[(int) filler]);
    one.say(free + " bytes are left");
  }

  /** Whether this machine lets us make one. */
  static synchronized boolean isAllowed() {
    if (allowed == null) {
      try {
        Path place = Files.createTempDirectory("backfill-disk");
        run("mount", "-t", "tmpfs", "-o", "size=64k", "none", place.toString());
        run("umount", place.toString());
        Files.delete(place);
        allowed = true;
      } catch (IOException e) {
        allowed = false;
      }
    }
    return allowed;
  }

  /** From here on rows that go make no room for others: as long as this is open, they may not. */
  void keepOldRows() throws SQLException {
    old.setAutoCommit(false);
    old.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    TestingFault.execute(old, "SELECT 1");
  }

  /** A person makes room. */
  void grow() throws IOException {
    Files.delete(place.resolve("filler"));
    try {
      old.close();
    } catch (SQLException e) {
      throw new IOException(e);
    }
  }

  @Override
  public void close() throws SQLException, IOException {
    for (List<Object> space :
        scene.database.rows(
            "SELECT spcname::text FROM pg_tablespace WHERE spcname = 'small_"
                + scene.database.name()
                + "'")) {
      for (TestingFaultedPlan.Target target : scene.tables.plan().targets()) {
        scene.database.execute(
            "ALTER TABLE %s SET TABLESPACE pg_default".formatted(target.table()));
      }
      scene.database.execute("DROP TABLESPACE " + space.get(0));
    }
    run("umount", place.toString());
    Files.delete(place);
  }

  private static void run(String... words) throws IOException {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes());
    try {
      if (process.waitFor() != 0) {
        throw new IOException(String.join(" ", words) + ": " + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
