package backfill.report;

import backfill.postgres.explain.StepExplanation;
import backfill.postgres.ledger.LedgerStatus;
import backfill.postgres.ledger.RunStatus;
import backfill.postgres.throttle.PaceRequest;
import backfill.postgres.throttle.PaceSummary;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a run did, for programs: as far as it had come when this was made.
 *
 * @param countsExact false once it is not known what some writers did
 * @param databases each of the run by the name that the plan gives it
 * @param told what the commands tell that are no run
 */
public record Report(
    About about,
    Outcome outcome,
    boolean countsExact,
    Timing timing,
    Map<String, DatabaseReport> databases,
    List<String> warnings,
    List<StepReport> steps,
    Told told) {

  /**
   * What ran. Of a plan that could not be read there is the name at most.
   *
   * @param params those of the plan, with the values they had
   * @param limits those of the plan, by name
   * @param approval null where none was given
   */
  public record About(
      OfPlan plan,
      String runId,
      String command,
      Map<String, String> labels,
      Map<String, Object> params,
      Map<String, Long> limits,
      Approval approval) {}

  /**
   * Which plan it was.
   *
   * @param given as it was asked for, which may be a path; null where no command line named it
   * @param hash null of a plan that was not read
   * @param hooks when it has a command called; null of a plan that was not read
   */
  public record OfPlan(String name, String given, String hash, List<String> hooks) {}

  /**
   * What a run was approved by, which is the report of a dry run.
   *
   * @param by who approved it, or null
   * @param runId of the dry run
   * @param exact whether the keys must be the same, and not only their number
   * @param notCompared what could not be held against the dry run, in words
   */
  public record Approval(
      String by,
      String runId,
      String planHash,
      String startedAt,
      boolean exact,
      int driftPercent,
      List<String> notCompared) {}

  /**
   * What a command tells that is no run.
   *
   * @param runs what it has; null for every command but status
   * @param undo what became of a run that was to be taken back; null for every command but undo
   * @param explained why a user has an object; null for every command but explain
   * @param comparison what is found in two files; null for every command but diff
   * @param asked what was asked of a running run; null for every command but pause, unpause and
   *     pace
   */
  public record Told(
      List<LedgerStatus.Run> runs,
      UndoReport undo,
      List<StepExplanation> explained,
      Comparison comparison,
      PaceRequest.Entered asked) {}

  /**
   * How it ended.
   *
   * @param status null as long as it lasts
   * @param error null where it came to its end
   * @param wouldRefuse what a run would end with, because a limit or a check refuses it; a dry run
   *     that found that has it
   * @param never what the plan says must never happen, by name, to the rows that it gave; null
   *     where it was not asked
   * @param pace what slowed it down or paused it; null where it wrote nothing
   */
  public record Outcome(
      RunStatus status,
      int exitCode,
      Failure error,
      Integer wouldRefuse,
      Map<String, Long> never,
      PaceSummary pace) {}

  /**
   * When it was, and what took how long.
   *
   * @param sessionReadyMs when Spark's session was there, since the start; null where none was
   *     needed
   * @param stages what each stage took of the duration, whatever it was for
   * @param timeline rows that were read and written when
   */
  public record Timing(
      String startedAt,
      long durationMs,
      Long sessionReadyMs,
      Map<String, Long> stages,
      List<Moment> timeline) {}

  /**
   * Rows that came in some part of the run.
   *
   * @param what the step, or the source
   * @param fromMs since the start
   */
  public record Moment(String stage, String what, long fromMs, long ms, long rows) {}

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
   * @param systemIdentifier what tells its server from others; null where that does not tell us
   * @param database its name there
   */
  public record DatabaseReport(
      String server,
      String version,
      String user,
      String readFrom,
      List<SnapshotReport> snapshots,
      int connections,
      String systemIdentifier,
      String database) {

    DatabaseReport with(SnapshotReport snapshot) {
      return new DatabaseReport(
          server,
          version,
          user,
          readFrom,
          Stream.concat(snapshots.stream(), Stream.of(snapshot)).toList(),
          connections,
          systemIdentifier,
          database);
    }
  }

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

  public RunStatus status() {
    return outcome.status();
  }

  public int exitCode() {
    return outcome.exitCode();
  }

  /** Whether it was asked to end before it was done. */
  public boolean stopped() {
    return status() == RunStatus.STOPPED;
  }

  /** Whether the same command may succeed later. */
  boolean retryable() {
    return stopped() || outcome.error() != null && outcome.error().retryable();
  }

  /** The whole report, indented. */
  public String json() {
    return ReportJson.whole(this);
  }
}
