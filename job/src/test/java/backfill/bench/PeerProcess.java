package backfill.bench;

import java.sql.DriverManager;
import java.time.Duration;
import java.util.Map;

/**
 * A process that does a plan's work by hand, so that its memory can be told from the benchmark's;
 * prints the milliseconds from its first connection to its last commit, without the start of the
 * JVM and what is prepared.
 */
final class PeerProcess {
  private PeerProcess() {}

  /** Arguments: the case and the peer. The environment names the databases as for the job. */
  public static void main(String[] arguments) throws Exception {
    Peer peer = Bench.named(arguments[0]).peer(arguments[1]);
    Peer.Work work = ((Peer.InJava) peer.program()).work();
    Map<String, String> environment = System.getenv();
    try (Connections connections =
        new Connections(
            prefix ->
                DriverManager.getConnection(
                    environment.get(prefix + "_URL"),
                    environment.get(prefix + "_USER"),
                    environment.get(prefix + "_PASSWORD")))) {
      work.prepare(connections);
      long began = System.nanoTime();
      work.run(connections);
      System.out.println(Duration.ofNanos(System.nanoTime() - began).toMillis());
    }
  }
}
