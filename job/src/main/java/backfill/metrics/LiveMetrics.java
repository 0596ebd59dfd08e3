package backfill.metrics;

import backfill.plan.Settings;
import backfill.postgres.throttle.ReplicaLag;
import backfill.report.Progress;
import backfill.report.Report;
import backfill.report.RunListener;
import backfill.report.Stage;
import backfill.spark.engine.Session;
import backfill.spark.engine.SparkMetrics;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The metrics of one run: shown by Spark's metrics system while it lasts, sent at its end. What it
 * counts is told by the run's thread and asked by Spark's.
 */
public final class LiveMetrics implements RunListener, AutoCloseable {
  private final Session session;
  private final Progress progress;
  private final MetricsPush push;
  private volatile Report soFar;
  private volatile Supplier<ReplicaLag> lag = () -> ReplicaLag.UNKNOWN;
  private double written;
  private SparkMetrics shown;

  /**
   * @param environment where a secret is that a server asks for
   */
  public LiveMetrics(
      Settings.Metrics to, Map<String, String> environment, Session session, Progress progress) {
    this.push = new MetricsPush(to, environment);
    this.session = session;
    this.progress = progress;
  }

  @Override
  public void goesOn(Report report) {
    soFar = report;
    if (shown == null) {
      shown = SparkMetrics.of(session, gauges(false), gauges(true)).orElse(null);
    }
  }

  @Override
  public void writes(Supplier<ReplicaLag> asked) {
    lag = asked;
  }

  private Map<String, Supplier<Number>> gauges(boolean counters) {
    Map<String, Supplier<Number>> values = new LinkedHashMap<>();
    for (RunMetric metric : RunMetric.values()) {
      if (metric.of != RunMetric.Of.END && counters == (metric.isCounter() && metric.isWhole())) {
        values.put(metric.shortName(), () -> now(metric));
      }
    }
    return values;
  }

  /** Not a number where it is not known. */
  private Number now(RunMetric metric) {
    Progress.Now now = progress.now();
    return switch (metric) {
      case ROWS_WRITTEN_TOTAL -> written(now);
      case ROWS_PER_SECOND -> orNaN(now.rowsPerSecond());
      case REMAINING_SECONDS -> orNaN(now.secondsLeft());
      case STALLED_SECONDS -> now.still().toMillis() / 1e3;
      case REPLICA_LAG_SECONDS -> lag.get().now().orElse(Double.NaN);
      default -> {
        Number value = metric.of(soFar);
        yield value == null ? (Number) Double.NaN : value;
      }
    };
  }

  private static Number orNaN(OptionalLong value) {
    return value.isPresent() ? (Number) value.getAsLong() : (Number) Double.NaN;
  }

  /** With the committed batches of the step that is being written; it never falls. */
  private synchronized double written(Progress.Now now) {
    double counted = RunMetric.ROWS_WRITTEN_TOTAL.of(soFar).doubleValue();
    written = Math.max(written, counted + (now.stage() == Stage.WRITE ? now.rows() : 0));
    return written;
  }

  @Override
  public void ended(Report report, Consumer<String> warn) {
    soFar = report;
    OptionalDouble most = lag.get().most();
    push.send(
        report, Sample.of(report, most.isPresent() ? (Double) most.getAsDouble() : null), warn);
  }

  @Override
  public String toString() {
    return "what shows its metrics";
  }

  @Override
  public void close() {
    if (shown != null) {
      shown.close();
      shown = null;
    }
  }
}
