package backfill.bench;

import java.util.List;
import java.util.Map;

/**
 * One plan at one size: the databases that it works in, the ways to do the same by hand, and what
 * both must end with.
 *
 * @param name the plan's, or another one where a plan has several sizes
 * @param parts the main database first
 * @param closely whether the job is also timed on what it wrote, and from afar
 */
public record BenchCase(
    String name,
    String plan,
    List<Part> parts,
    List<Peer> peers,
    List<Outcome> outcomes,
    boolean closely,
    List<Goal> goals) {
  public BenchCase {
    parts = List.copyOf(parts);
    peers = List.copyOf(peers);
    outcomes = List.copyOf(outcomes);
    goals = List.copyOf(goals);
  }

  /** One whose first run alone is timed. */
  static BenchCase of(
      String name, String plan, List<Part> parts, List<Peer> peers, List<Outcome> outcomes) {
    return new BenchCase(name, plan, parts, peers, outcomes, false, List.of());
  }

  /** The same, with what is to be reached. */
  BenchCase reaching(Goal... goals) {
    return new BenchCase(name, plan, parts, peers, outcomes, closely, List.of(goals));
  }

  /**
   * One database.
   *
   * @param prefix of the environment variables that name it
   * @param name what its tables are of
   * @param tables the resource that makes them
   * @param data what fills them, one after the other: names as {@link
   *     backfill.testing.TestingUpstreamTables#sql} takes them
   * @param settings what the data goes by beside the scale
   */
  public record Part(
      String prefix, String name, String tables, List<String> data, Map<String, Integer> settings) {
    public Part {
      data = List.copyOf(data);
      settings = Map.copyOf(settings);
    }

    /** A database of {@code upstream/NAME.sql}, whose data goes by the scale alone. */
    static Part upstream(String prefix, String name) {
      return new Part(
          prefix, name, "/upstream/" + name + ".sql", List.of(name + "-large"), Map.of());
    }
  }

  /**
   * What must be the same afterwards, whoever did the work.
   *
   * @param query over the main database: the rows without what may differ, such as ids that are
   *     drawn and the time of the run
   */
  public record Outcome(String name, String query) {}

  /** The peer of this name. */
  Peer peer(String name) {
    return peers.stream()
        .filter(peer -> peer.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(this.name + " has no peer " + name));
  }
}
