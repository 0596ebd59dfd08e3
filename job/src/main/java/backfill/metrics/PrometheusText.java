package backfill.metrics;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Metrics in Prometheus's text format, version 0.0.4. */
final class PrometheusText {
  static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private PrometheusText() {}

  static String of(Map<RunMetric, List<Sample>> all) {
    StringBuilder text = new StringBuilder();
    all.forEach(
        (metric, samples) -> {
          String name = metric.fullName();
          text.append("# HELP ").append(name).append(' ').append(metric.help).append('\n');
          text.append("# TYPE ")
              .append(name)
              .append(metric.isCounter() ? " counter\n" : " gauge\n");
          samples.forEach(sample -> text.append(name).append(line(sample)).append('\n'));
        });
    return text.toString();
  }

  private static String line(Sample sample) {
    return sample.labels().entrySet().stream()
            .map(label -> label.getKey() + "=\"" + escaped(label.getValue()) + '"')
            .collect(Collectors.joining(",", "{", "} "))
        + new BigDecimal(sample.value().toString()).toPlainString();
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }
}
