package backfill.report;

import backfill.postgres.ledger.LedgerStatus;
import backfill.postgres.ledger.RunStatus;
import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What a run did, for programs: filled in while it lasts, written once at its end, whatever that
 * is.
 */
@JsonAutoDetect(fieldVisibility = JsonAutoDetect.Visibility.ANY)
@JsonInclude(JsonInclude.Include.ALWAYS)
public final class Report {
  private static final ObjectMapper JSON = new ObjectMapper();

  final int reportVersion = 1;
  public String plan;
  public String planHash;
  public final String runId;
  final String command;
  public RunStatus status;
  public int exitCode;
  public Failure error;

  /** What a run would end with, because a limit refuses it; a dry run that found that has it. */
  public Integer wouldRefuse;

  Map<String, String> labels = new LinkedHashMap<>();
  public Map<String, Object> params = new LinkedHashMap<>();
  public boolean countsExact = true;
  final String startedAt;
  public long durationMs;

  /** When Spark's session was there, since the start; null where none was needed. */
  Long sessionReadyMs;

  /** What each stage took of the duration, whatever it was for. */
  final Map<String, Long> stages = new LinkedHashMap<>();

  public final Map<String, DatabaseReport> databases = new LinkedHashMap<>();
  public final List<String> warnings = new ArrayList<>();
  public final List<StepReport> steps = new ArrayList<>();

  /** What the ledger has; the command status alone has it. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public List<LedgerStatus.Run> runs;

  @JsonIgnore private final long startedNanos = System.nanoTime();
  @JsonIgnore private Stage stage = Stage.LOAD;

  public Report(String runId, String command, Instant startedAt) {
    this.runId = runId;
    this.command = command;
    this.startedAt = startedAt.toString();
  }

  /**
   * Why a run failed.
   *
   * @param sqlState PostgreSQL's, or null
   * @param retryable whether the same command may succeed later
   */
  public record Failure(
      String stage, String step, String sqlState, String message, boolean retryable) {}

  /**
   * One database of the run.
   *
   * @param readFrom where rows were read
   */
  public record DatabaseReport(
      String server,
      String version,
      String user,
      String readFrom,
      List<SnapshotReport> snapshots,
      int connections) {}

  /**
   * One exported snapshot: its place in the log, the server's time, and how long it was held. There
   * is none of two databases at once: how far they are apart is how much one may know that the
   * other does not.
   *
   * @param afterMainMs how much later it was taken than main's, which the same steps read in, by
   *     the job's own clock; off by a round trip at most, and negative if it was earlier. Null for
   *     main's
   * @param afterMainByServersMs the same by the clocks of the two servers, so that it holds how far
   *     those are apart, too
   * @param server where it was taken: verify has one of a replica, for the sources, and one of its
   *     primary, for the targets
   * @param xmin it sees the end of every transaction before this one
   */
  public record SnapshotReport(
      String lsn,
      String at,
      long heldMs,
      Long afterMainMs,
      Long afterMainByServersMs,
      String server,
      String xmin) {}

  /** Another stage begins. */
  public void enter(Stage entered) {
    lasts();
    stage = entered;
  }

  /** Counts the time until now, as the present stage's. */
  public void lasts() {
    long now = sinceStart(System.nanoTime());
    stages.merge(stage.toString(), now - durationMs, Long::sum);
    durationMs = now;
  }

  /** Spark's session was there at this {@link System#nanoTime}. */
  public void sessionReady(long atNanos) {
    sessionReadyMs = Math.max(0, sinceStart(atNanos));
  }

  private long sinceStart(long nanos) {
    return (nanos - startedNanos) / 1_000_000;
  }

  /** What was asked for can't be: nothing was begun. */
  public void invalid(String message) {
    status = RunStatus.FAILED;
    exitCode = ExitCode.INVALID.number();
    error = new Failure(Stage.LOAD.toString(), null, null, message, false);
  }

  /** Takes {@code NAME=VALUE}, or a text that then stands under {@code label}. */
  public void label(List<String> texts) {
    for (String text : texts) {
      int equals = text.indexOf('=');
      labels.put(
          equals > 0 ? text.substring(0, equals) : "label",
          equals > 0 ? text.substring(equals + 1) : text);
    }
  }

  /** Whether it was asked to end before it was done. */
  public boolean stopped() {
    return status == RunStatus.STOPPED;
  }

  /** The labels alone, as an object. */
  public String labelsJson() {
    return text(labels, false);
  }

  /** The whole report, indented. */
  public String json() {
    return text(this, true);
  }

  /** The last line of standard output: how it ended, and the sums over all steps. */
  String line() {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("plan", plan);
    line.put("runId", runId);
    line.put("command", command);
    line.put("status", status);
    line.put("exitCode", exitCode);
    line.put("retryable", stopped() || error != null && error.retryable());
    line.put("wouldRefuse", wouldRefuse);
    line.put("planned", sum(step -> step.planned));
    line.put("alreadyPresent", sum(step -> step.alreadyPresent));
    line.put("foreign", sum(step -> step.foreign));
    line.put("toInsert", sum(step -> step.toInsert));
    line.put("toUpdate", sum(step -> step.toUpdate));
    line.put("toDelete", sum(step -> step.toDelete));
    line.put("inserted", sum(step -> step.inserted));
    line.put("updated", sum(step -> step.updated));
    line.put("deleted", sum(step -> step.deleted));
    line.put("rejected", sum(step -> step.rejected));
    line.put("surplus", sum(step -> step.surplus));
    line.put("missing", sum(step -> step.missing));
    line.put("durationMs", durationMs);
    if (runs != null) {
      line.put("runs", runs);
    }
    return text(line, false);
  }

  /** Of the steps that know the count; null where none does. */
  private Long sum(Function<StepReport, Long> count) {
    Long sum = null;
    for (StepReport step : steps) {
      Long one = count.apply(step);
      if (one != null) {
        sum = (sum == null ? 0 : sum) + one;
      }
    }
    return sum;
  }

  private static String text(Object value, boolean indented) {
    try {
      return (indented ? JSON.writer(SerializationFeature.INDENT_OUTPUT) : JSON.writer())
          .writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a report of strings, numbers and lists has a text", e);
    }
  }
}
