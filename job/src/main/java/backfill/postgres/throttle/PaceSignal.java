package backfill.postgres.throttle;

import backfill.plan.Throttle;
import backfill.plan.Throttle.Edge;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One number that is read while steps write, and what it does to the writers.
 *
 * @param name as the plan calls it
 * @param sql gives the number, or NULL where there is nothing to tell; a second column, if there is
 *     one, says whether some of it is hidden from us
 * @param edges what the number must keep to
 * @param late whether it tells what writers do some time after they did it
 */
record PaceSignal(
    String name,
    String sql,
    ReadingUnit unit,
    Map<Edge, Double> edges,
    boolean late,
    boolean ofPlan) {
  PaceSignal {
    edges = new TreeMap<>(edges);
  }

  /** Of the server; it pauses beyond its bound, and slows beyond half of it. */
  static PaceSignal pausing(String name, String sql, ReadingUnit unit, double most, boolean late) {
    return new PaceSignal(
        name, sql, unit, Map.of(Edge.PAUSE_ABOVE, most, Edge.SLOW_ABOVE, most / 2), late, false);
  }

  /** Of the server; it slows beyond its bound. */
  static PaceSignal slowing(String name, String sql, ReadingUnit unit, double most) {
    return new PaceSignal(name, sql, unit, Map.of(Edge.SLOW_ABOVE, most), false, false);
  }

  /** Of a plan: its query, with parameters in it. */
  static PaceSignal of(Throttle.OfPlan signal, String query) {
    return new PaceSignal(
        signal.name(),
        "SELECT CAST((" + query + "\n) AS pg_catalog.float8)",
        ReadingUnit.NUMBER,
        signal.edges(),
        true,
        true);
  }

  /** What a number does to the writers. */
  SignalReading.Level level(double number) {
    SignalReading.Level level = SignalReading.Level.QUIET;
    for (Map.Entry<Edge, Double> edge : edges.entrySet()) {
      if (edge.getKey().isCrossed(number, edge.getValue())) {
        if (edge.getKey().pauses()) {
          return SignalReading.Level.PAUSE;
        }
        level = SignalReading.Level.SLOW;
      }
    }
    return level;
  }

  /** Of two numbers with the same effect, the one with the greater severity is worse. */
  double severity(double number) {
    boolean tooMuch =
        edges.entrySet().stream()
            .anyMatch(
                edge ->
                    edge.getKey().isUpper() && edge.getKey().isCrossed(number, edge.getValue()));
    return tooMuch ? number : -number;
  }

  /** What it does at worst: where it does not answer. */
  SignalReading.Level worst() {
    return edges.keySet().stream().anyMatch(Edge::pauses)
        ? SignalReading.Level.PAUSE
        : SignalReading.Level.SLOW;
  }

  /** What the number must keep to, for people. */
  String bound() {
    boolean pauses = worst() == SignalReading.Level.PAUSE;
    return edges.entrySet().stream()
        .filter(edge -> ofPlan || edge.getKey().pauses() == pauses)
        .map(edge -> (ofPlan ? edge.getKey().key() + " " : "") + unit.words(edge.getValue()))
        .collect(Collectors.joining(", "));
  }
}
