package backfill.metrics;

import backfill.report.Report;
import backfill.report.Version;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Metrics as a request of the OpenTelemetry protocol, in its JSON: 64-bit numbers are texts there.
 */
final class OtlpJson {
  static final String CONTENT_TYPE = "application/json";

  /** Where a collector takes them, if its address says nothing else. */
  static final String PATH = "/v1/metrics";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Since the run's start, and not since the last time. */
  private static final int CUMULATIVE = 2;

  private final String fromNanos;
  private final String toNanos;
  private final ObjectNode root = JSON.createObjectNode();

  private OtlpJson(Report report) {
    Instant start = Instant.parse(report.timing().startedAt());
    fromNanos = nanos(start);
    toNanos = nanos(start.plus(Duration.ofMillis(report.timing().durationMs())));
  }

  private static String nanos(Instant at) {
    return Long.toString(TimeUnit.SECONDS.toNanos(at.getEpochSecond()) + at.getNano());
  }

  static String of(Report report, Map<RunMetric, List<Sample>> all) {
    OtlpJson otlp = new OtlpJson(report);
    ObjectNode resource = otlp.root.putArray("resourceMetrics").addObject();
    attributes(
        resource.putObject("resource").putArray("attributes"),
        Map.of(
            "service.name",
            "backfill",
            "service.version",
            Version.number(),
            "service.instance.id",
            report.about().runId()));
    ObjectNode scope = resource.putArray("scopeMetrics").addObject();
    scope.putObject("scope").put("name", "backfill").put("version", Version.number());
    ArrayNode metrics = scope.putArray("metrics");
    all.forEach((metric, samples) -> otlp.put(metrics.addObject(), metric, samples));
    return otlp.root.toString();
  }

  private void put(ObjectNode node, RunMetric metric, List<Sample> samples) {
    node.put("name", metric.fullName()).put("description", metric.help).put("unit", metric.unit());
    ObjectNode kind = node.putObject(metric.isCounter() ? "sum" : "gauge");
    if (metric.isCounter()) {
      kind.put("aggregationTemporality", CUMULATIVE).put("isMonotonic", true);
    }
    ArrayNode points = kind.putArray("dataPoints");
    for (Sample sample : samples) {
      ObjectNode point = points.addObject();
      attributes(point.putArray("attributes"), sample.labels());
      if (metric.isCounter()) {
        point.put("startTimeUnixNano", fromNanos);
      }
      point.put("timeUnixNano", toNanos);
      if (metric.isWhole()) {
        point.put("asInt", Long.toString(sample.value().longValue()));
      } else {
        point.put("asDouble", sample.value().doubleValue());
      }
    }
  }

  private static void attributes(ArrayNode into, Map<String, String> values) {
    values.forEach(
        (key, value) ->
            into.addObject().put("key", key).putObject("value").put("stringValue", value));
  }
}
