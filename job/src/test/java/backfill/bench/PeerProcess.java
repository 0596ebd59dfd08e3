package backfill.bench;

import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * A process that does a plan's work by hand, so that its memory can be told from the benchmark's;
 * prints the milliseconds from its first connection to its last commit, without the start of the
 * JVM.
 */
final class PeerProcess {
  private PeerProcess() {}

  /** Arguments: the case and the peer. The environment names the databases as for the job. */
  public static void main(String[] arguments) throws Exception {
    BenchCase bench = Bench.named(arguments[0]);
    long began = System.nanoTime();
    Map<String, Connection> connections = new HashMap<>();
    try {
      for (BenchCase.Part part : bench.parts()) {
        connections.put(part.prefix(), connection(part.prefix()));
      }
      bench.peer(arguments[1]).work().run(connections);
    } finally {
      for (Connection connection : connections.values()) {
        connection.close();
      }
    }
    System.out.println(Duration.ofNanos(System.nanoTime() - began).toMillis());
  }

  private static Connection connection(String prefix) throws Exception {
    Map<String, String> environment = System.getenv();
    return DriverManager.getConnection(
        environment.get(prefix + "_URL"),
        environment.get(prefix + "_USER"),
        environment.get(prefix + "_PASSWORD"));
  }
}
