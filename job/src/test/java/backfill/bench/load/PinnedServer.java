package backfill.bench.load;

import backfill.bench.BenchServer;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;

/** A server on a processor of its own, where that can be done, and this process on another. */
record PinnedServer(BenchServer server, Cores cores) implements AutoCloseable {
  /** What the server starts stays on its processor; one that was there before is left as it is. */
  static PinnedServer start(Map<String, String> environment)
      throws IOException, SQLException, InterruptedException {
    Cores cores = Cores.ofThisMachine();
    cores.move(cores.server());
    BenchServer server = BenchServer.choose(environment);
    cores.move(cores.clients());
    return new PinnedServer(server, cores);
  }

  /** What runs where, for people. */
  String text() {
    if (!cores.isPinning()) {
      return cores.absent();
    }
    return server.isOwn()
        ? "server on one processor, job and application on another"
        : "job and application on one processor, the server of BACKFILL_URL wherever it was";
  }

  @Override
  public void close() {
    server.close();
  }
}
