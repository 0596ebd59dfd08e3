package backfill.metrics;

import backfill.report.Report;
import backfill.report.StepReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value that a metric has at the end of a run.
 *
 * @param labels plan and command, and of a step's its name
 */
record Sample(Map<String, String> labels, Number value) {

  /** Those of each metric that has any, in the order of their names' declaration. */
  static Map<RunMetric, List<Sample>> of(Report report, Double replicaLagSeconds) {
    Map<RunMetric, List<Sample>> all = new LinkedHashMap<>();
    for (RunMetric metric : RunMetric.values()) {
      List<Sample> samples = new ArrayList<>();
      if (metric.of == RunMetric.Of.STEP) {
        for (StepReport step : report.steps()) {
          add(samples, labels(report, step.name()), metric.of(step));
        }
      } else {
        add(
            samples,
            labels(report, null),
            metric == RunMetric.REPLICA_LAG_SECONDS ? replicaLagSeconds : metric.of(report));
      }
      if (!samples.isEmpty()) {
        all.put(metric, samples);
      }
    }
    return all;
  }

  private static void add(List<Sample> samples, Map<String, String> labels, Number value) {
    if (value != null) {
      samples.add(new Sample(labels, value));
    }
  }

  private static Map<String, String> labels(Report report, String step) {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("plan", report.about().plan().name());
    labels.put("command", report.about().command());
    if (step != null) {
      labels.put("step", step);
    }
    return labels;
  }
}
