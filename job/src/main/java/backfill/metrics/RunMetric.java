package backfill.metrics;

import backfill.report.Report;
import backfill.report.Stage;
import backfill.report.StepReport;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * One number of a run, by the name that it has in Prometheus: {@code backfill_} and its own in
 * small letters. What ends in {@code _TOTAL} is a counter, and all others are gauges. A value that
 * is not known is null, and not told.
 */
enum RunMetric {
  ROWS_READ_TOTAL("Rows that the step's sources gave.", step -> sum(step.read().rows())),
  ROWS_PLANNED_TOTAL("Rows that the step's target is to have.", StepReport::planned),
  ROWS_PRESENT_TOTAL("Of these the rows that were there.", StepReport::alreadyPresent),
  ROWS_WRITTEN_TOTAL("Rows inserted, updated or deleted.", StepReport::knownWritten),
  ROWS_INSERTED_TOTAL("Rows inserted.", StepReport::inserted),
  ROWS_UPDATED_TOTAL("Rows updated.", StepReport::updated),
  ROWS_DELETED_TOTAL("Rows deleted.", StepReport::deleted),
  ROWS_REJECTED_TOTAL("Rows that the database refused.", StepReport::rejected),
  ROWS_MISSING("Rows that verify expected and did not find.", StepReport::missing),
  STATEMENTS_TOTAL("Statements that read or wrote rows.", step -> step.cost().statements()),
  RETRIES_TOTAL("Batches that were tried again.", step -> step.cost().retries()),
  LOCK_WAIT_SECONDS_TOTAL(
      "Time that writers waited for locks, all together.",
      step -> seconds(step.cost().lockWaitMs())),
  THROTTLED_SECONDS_TOTAL(
      "Time that the throttle held writers back, all together.",
      step -> seconds(step.cost().throttledMs())),
  STEP_DURATION_SECONDS("Time that the step took.", step -> seconds(step.cost().durationMs())),

  ROWS_PER_SECOND("Rows written in a second.", Of.RUN, RunMetric::rowsPerSecond),
  REPLICA_LAG_SECONDS("How far a replica is behind.", Of.RUN, report -> null),
  REMAINING_SECONDS("Time until the present stage is done.", Of.MOMENT, report -> null),
  STALLED_SECONDS("Time since a row moved.", Of.MOMENT, report -> null),

  RUN_START_TIMESTAMP_SECONDS(
      "When the run started.",
      Of.RUN,
      report -> Instant.parse(report.timing().startedAt()).toEpochMilli() / 1e3),
  RUN_DURATION_SECONDS(
      "Time that the run took.", Of.END, report -> seconds(report.timing().durationMs())),
  RUN_EXIT_CODE("What the run ended with.", Of.END, Report::exitCode);

  private static final String TOTAL = "_TOTAL";

  final String help;
  final Of of;
  private final Function<StepReport, Number> ofStep;
  private final Function<Report, Number> ofRun;

  /** What it is a number of. */
  enum Of {
    /** Of a step. */
    STEP,
    /** Of a run, whether it lasts or not. */
    RUN,
    /** Of a run that is over. */
    END,
    /** Of one that lasts. */
    MOMENT
  }

  RunMetric(String help, Function<StepReport, Number> ofStep) {
    this.help = help;
    this.of = Of.STEP;
    this.ofStep = ofStep;
    this.ofRun = report -> null;
  }

  RunMetric(String help, Of of, Function<Report, Number> ofRun) {
    this.help = help;
    this.of = of;
    this.ofStep = step -> null;
    this.ofRun = ofRun;
  }

  /** Without what says whose it is, as in {@code rows_read_total}. */
  String shortName() {
    return name().toLowerCase(Locale.ROOT);
  }

  String fullName() {
    return "backfill_" + shortName();
  }

  boolean isCounter() {
    return name().endsWith(TOTAL);
  }

  /** Whether it counts whole things. */
  boolean isWhole() {
    return !name().contains("SECOND");
  }

  /** As OpenTelemetry writes it. */
  String unit() {
    if (this == ROWS_PER_SECOND) {
      return "{row}/s";
    }
    return !isWhole() ? "s" : name().startsWith("ROWS") ? "{row}" : "1";
  }

  /** Of one step, or null. */
  Number of(StepReport step) {
    return ofStep.apply(step);
  }

  /** Of a whole run: of what is counted step by step the sum of what is known; or null. */
  Number of(Report report) {
    if (of != Of.STEP) {
      return ofRun.apply(report);
    }
    return report.steps().stream()
        .map(ofStep)
        .filter(Objects::nonNull)
        .reduce(0, (one, other) -> one.doubleValue() + other.doubleValue());
  }

  private static Number sum(Map<String, Long> rows) {
    return rows.isEmpty()
        ? null
        : (Number) rows.values().stream().filter(Objects::nonNull).mapToLong(Long::longValue).sum();
  }

  private static Number seconds(Long millis) {
    return millis == null ? null : (Number) (millis / 1e3);
  }

  /** Over all of its writing; nothing where it wrote nothing. */
  private static Number rowsPerSecond(Report report) {
    double seconds = report.timing().stages().getOrDefault(Stage.WRITE.toString(), 0L) / 1e3;
    return seconds == 0 ? null : (Number) (ROWS_WRITTEN_TOTAL.of(report).doubleValue() / seconds);
  }
}
