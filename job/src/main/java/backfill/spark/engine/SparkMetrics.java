package backfill.spark.engine;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;

/**
 * What Spark's metrics system shows of a run, as a source of its own, until it is closed. A plugin
 * of Spark's would have to be named before its context starts, and each executor would load it: so
 * a context that was there already would show nothing.
 */
public final class SparkMetrics implements Source, AutoCloseable {
  private static final String NAME = "backfill";

  private final MetricRegistry registry = new MetricRegistry();
  private final SparkEnv engine;

  private SparkMetrics(SparkEnv engine) {
    this.engine = engine;
  }

  /**
   * From now on it is shown; empty as long as Spark is not there.
   *
   * @param gauges name to value, asked whenever Spark looks
   * @param counters the same of what only grows
   */
  public static Optional<SparkMetrics> of(
      Session session,
      Map<String, Supplier<Number>> gauges,
      Map<String, Supplier<Number>> counters) {
    SparkEnv engine = SparkEnv.get();
    if (session.readyAtNanos().isEmpty() || engine == null) {
      return Optional.empty();
    }
    SparkMetrics source = new SparkMetrics(engine);
    gauges.forEach((name, value) -> source.registry.register(name, (Gauge<Number>) value::get));
    counters.forEach((name, value) -> source.registry.register(name, new Growing(value)));
    engine.metricsSystem().registerSource(source);
    return Optional.of(source);
  }

  /** Asked for its count, and never told. */
  private static final class Growing extends Counter {
    private final Supplier<Number> count;

    Growing(Supplier<Number> count) {
      this.count = count;
    }

    @Override
    public long getCount() {
      return count.get().longValue();
    }
  }

  @Override
  public String sourceName() {
    return NAME;
  }

  @Override
  public MetricRegistry metricRegistry() {
    return registry;
  }

  @Override
  public void close() {
    engine.metricsSystem().removeSource(this);
  }
}
