package backfill.plan;

import backfill.plan.sql.SqlText;
import com.typesafe.config.ConfigValue;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What may slow the writers of a run down, or pause them: signals of the server, each with its
 * bound, and numbers that the plan's own queries give. Nothing here changes which rows are written.
 *
 * @param asked what is no number
 * @param bounds what a signal may read; one that is not there is not asked
 * @param autovacuum what autovacuum at work on a target does to the writers
 * @param signalTimeout how long a signal may take to answer
 */
public record Throttle(
    Asked asked, Map<Bound, Long> bounds, Autovacuum autovacuum, Duration signalTimeout) {
  /** The key of its block. */
  public static final String KEY = "throttle";

  static final String PROBE_KEY = "throttle.probe";

  /**
   * What is no number.
   *
   * @param on whether signals are read at all
   * @param probe the statement whose answer's time is taken
   */
  public record Asked(boolean on, String probe, List<OfPlan> signals) {
    public Asked {
      signals = List.copyOf(signals);
    }
  }

  /** What a signal is bounded in, in milliseconds, bytes or pieces. */
  public enum Bound {
    /** Rows of all writers together, in a second. */
    ROWS_PER_SECOND(SettingKey.ROWS_PER_SECOND),
    REPLICA_LAG(SettingKey.REPLICA_LAG),
    REPLICA_LAG_BYTES(SettingKey.REPLICA_LAG_BYTES),
    WAL_PER_SECOND(SettingKey.WAL_PER_SECOND),
    ARCHIVE_QUEUE(SettingKey.ARCHIVE_QUEUE),
    WAITING_SESSIONS(SettingKey.WAITING_SESSIONS),
    BLOCKED_BY_US(SettingKey.BLOCKED_BY_US),
    PROBE_LATENCY(SettingKey.PROBE_LATENCY);

    private final SettingKey setting;

    Bound(SettingKey setting) {
      this.setting = setting;
    }

    /** As a plan writes it, within its group. */
    public String key() {
      return setting.leaf();
    }

    SettingKey setting() {
      return setting;
    }
  }

  /** What autovacuum at work on a target does to the writers. */
  public enum Autovacuum {
    IGNORE,
    SLOW,
    PAUSE
  }

  /** A bound that a number of the plan must keep to. */
  public enum Edge {
    PAUSE_ABOVE("pause-above"),
    PAUSE_BELOW("pause-below"),
    SLOW_ABOVE("slow-above"),
    SLOW_BELOW("slow-below");

    private final String key;

    Edge(String key) {
      this.key = key;
    }

    /** As a plan writes it. */
    public String key() {
      return key;
    }

    public boolean pauses() {
      return this == PAUSE_ABOVE || this == PAUSE_BELOW;
    }

    /** Whether a greater number is the worse one. */
    public boolean isUpper() {
      return this == PAUSE_ABOVE || this == SLOW_ABOVE;
    }

    /** Whether a number lies beyond it. */
    public boolean isCrossed(double number, double bound) {
      return isUpper() ? number > bound : number < bound;
    }
  }

  /**
   * A number that a query of the plan gives.
   *
   * @param line of the plan's file, or 0
   */
  public record OfPlan(String name, String query, Map<Edge, Double> edges, int line) {
    public OfPlan {
      edges = Map.copyOf(edges);
    }

    /** Where a number must keep to this edge. */
    public OptionalDouble edge(Edge edge) {
      Double bound = edges.get(edge);
      return bound == null ? OptionalDouble.empty() : OptionalDouble.of(bound);
    }
  }

  public Throttle {
    SettingKey.SIGNAL_TIMEOUT.require(signalTimeout);
    bounds.forEach((bound, most) -> bound.setting().require(most));
    bounds = Map.copyOf(bounds);
  }

  /** The most that a signal may read; empty where it is not asked. */
  public OptionalLong most(Bound bound) {
    Long most = bounds.get(bound);
    return most == null ? OptionalLong.empty() : OptionalLong.of(most);
  }

  /** Whether any signal is read. */
  public boolean on() {
    return asked.on();
  }

  /** The plan's own signals, in the order of the file's lines. */
  public List<OfPlan> signals() {
    return asked.signals();
  }

  /** The block of the plan's own signals. */
  static List<OfPlan> signals(Node throttle, SqlCheck sql) {
    List<OfPlan> signals = new ArrayList<>();
    throttle
        .object("signals")
        .ifPresent(
            block ->
                block
                    .keys()
                    .forEach(
                        name ->
                            block
                                .object(name)
                                .ifPresent(node -> signals.add(signal(name, node, block, sql)))));
    return signals;
  }

  private static OfPlan signal(String name, Node node, Node block, SqlCheck sql) {
    if (!Node.NAME.matcher(name).matches()) {
      block.problem(name, Node.NAME_EXPECTED + name);
    }
    Optional<String> query = node.requiredText("query");
    query.ifPresent(text -> check(node, "query", text, sql));
    Map<Edge, Double> edges = new EnumMap<>(Edge.class);
    for (Edge edge : Edge.values()) {
      node.value(edge.key())
          .flatMap(value -> number(node, edge.key(), value))
          .ifPresent(bound -> edges.put(edge, bound));
    }
    node.done();
    if (edges.isEmpty()) {
      block.problem(
          name, "holds nothing back; give it pause-above, pause-below, slow-above or slow-below");
    }
    int line = block.value(name).map(value -> value.origin().lineNumber()).orElse(0);
    return new OfPlan(name, query.orElse(""), edges, Math.max(0, line));
  }

  private static Optional<Double> number(Node node, String key, ConfigValue value) {
    try {
      double number = new BigDecimal(String.valueOf(value.unwrapped()).strip()).doubleValue();
      if (Double.isFinite(number)) {
        return Optional.of(number);
      }
    } catch (NumberFormatException e) {
      // Refused below, with what it is.
    }
    node.problem(key, "must be a number, got " + Node.describe(value));
    return Optional.empty();
  }

  /** One query, which the server will be asked for as a value. */
  static void check(Node node, String key, String query, SqlCheck sql) {
    sql.condition(node, key, query);
    String code = new SqlText(query).code().strip();
    if (!code.matches("(?is)(select|with|values|table)\\b.*")) {
      node.problem(key, "must be one SELECT");
    } else if (code.indexOf(';') >= 0) {
      node.problem(key, "must be one SELECT, without a semicolon");
    }
    if (!isBalanced(code)) {
      node.problem(key, "closes a parenthesis that it does not open, or the other way round");
    }
  }

  private static boolean isBalanced(String code) {
    int open = 0;
    for (int at = 0; at < code.length(); at++) {
      open += code.charAt(at) == '(' ? 1 : code.charAt(at) == ')' ? -1 : 0;
      if (open < 0) {
        return false;
      }
    }
    return open == 0;
  }
}
