package backfill.bench;

import java.util.List;

/**
 * One plan at the size of a large installation: the databases that it works in, the ways to do the
 * same by hand, and what both must end with.
 *
 * @param plan the plan's name, which is the case's too
 * @param parts the main database first
 */
record BenchCase(String plan, List<Part> parts, List<Peer> peers, List<Outcome> outcomes) {
  BenchCase {
    parts = List.copyOf(parts);
    peers = List.copyOf(peers);
    outcomes = List.copyOf(outcomes);
  }

  /**
   * One database.
   *
   * @param prefix of the environment variables that name it
   * @param tables the resource of its tables; the one of the data is named the same with {@code
   *     -large}
   */
  record Part(String prefix, String tables) {}

  /**
   * What must be the same afterwards, whoever did the work.
   *
   * @param query over the main database: the rows without what may differ, such as ids that are
   *     drawn and the time of the run
   */
  record Outcome(String name, String query) {}

  /** The way of this name. */
  Peer peer(String name) {
    return peers.stream()
        .filter(peer -> peer.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    plan + " has no peer " + name + "; it has " + peerNames()));
  }

  List<String> peerNames() {
    return peers.stream().map(Peer::name).toList();
  }
}
