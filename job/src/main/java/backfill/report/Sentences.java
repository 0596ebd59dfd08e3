package backfill.report;

import backfill.plan.Amount;
import backfill.postgres.change.InPlaceRun;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.ledger.StepStatus;
import backfill.postgres.server.LaggingReplicaException;
import backfill.postgres.server.Lasting;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.RecoveryConflictException;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.snapshot.LostSnapshotException;
import backfill.postgres.snapshot.OldSnapshotException;
import backfill.postgres.undo.UndoCounts;
import backfill.spark.query.QueryFailure;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.Verified;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** What the log says of a step's counts, and of a failure. */
public final class Sentences {
  private static final Logger LOG = LogManager.getLogger("backfill");

  private static final String FOREIGN = "%,d foreign (held by a row that is not the step's)";

  private Sentences() {}

  /** So many rows, in words. */
  public static String rows(long count) {
    return Amount.of(count, "row");
  }

  public static String planned(DiffCounts plan) {
    List<String> parts = new ArrayList<>();
    add(parts, "%,d planned", plan.planned());
    add(parts, "%,d there already", plan.present());
    add(parts, FOREIGN, plan.foreign() == null ? null : unlessNone(plan.foreign()));
    add(parts, "%,d to insert", plan.toInsert());
    add(parts, "%,d right already", plan.unchanged());
    add(parts, "%,d absent", plan.absent());
    add(parts, "%,d to set", plan.toUpdate());
    add(parts, "%,d surplus", plan.surplus());
    add(parts, "%,d of them to delete", plan.toDelete());
    add(parts, "%,d that cannot be written", unlessNone(plan.unfit()));
    return String.join(", ", parts) + changes(plan.changes());
  }

  public static String written(StepReport step) {
    List<String> parts = new ArrayList<>();
    add(parts, "%,d inserted", step.inserted());
    add(
        parts,
        "%,d written by somebody else first",
        step.conflicts() == null ? null : unlessNone(step.conflicts()));
    add(parts, "%,d set", step.updated());
    add(parts, "%,d changed by somebody else meanwhile", changedByOthers(step));
    add(parts, "%,d deleted", step.deleted());
    addAll(parts, "%,d of %s along with them", step.cascaded());
    long kept =
        step.written().deletes().stayed() == null
            ? 0
            : step.written().deletes().stayed() - step.written().deletes().undeletable();
    add(parts, "%,d left as somebody else made them", unlessNone(kept));
    add(parts, "%,d that could not be deleted", unlessNone(step.written().deletes().undeletable()));
    add(parts, "%,d rejected", unlessNone(step.rejected()));
    double seconds = step.cost().millis(Stage.WRITE) / 1000.0;
    return String.join(", ", parts)
        + changes(step.changes() == null ? Map.of() : step.changes())
        + String.format(Locale.ROOT, " in %.1f s", seconds);
  }

  /** Rows that were to be set; the report's number has those that were to be added, too. */
  private static Long changedByOthers(StepReport step) {
    return step.changedMeanwhile() == null
        ? null
        : (Long) (step.changedMeanwhile() - (step.conflicts() == null ? 0 : step.conflicts()));
  }

  private static Long unlessNone(long count) {
    return count == 0 ? null : (Long) count;
  }

  /** What a step of batches has to do. */
  public static String foretold(StepReport step) {
    List<String> parts = new ArrayList<>();
    add(parts, "%,d to set", step.toUpdate());
    add(parts, "%,d to delete", step.toDelete());
    addAll(parts, "%,d of %s along with them", step.cascaded());
    return parts.isEmpty() ? "how many is not known" : String.join(", ", parts);
  }

  public static String remaining(InPlaceRun.Remaining remaining) {
    return String.format(
        Locale.ROOT,
        "%,d left to do, %,d added meanwhile",
        remaining.missing(),
        remaining.addedMeanwhile());
  }

  /** The steps that wrote rows, each with their number. */
  public static List<String> writtenSteps(Report report) {
    List<String> written = new ArrayList<>();
    for (StepReport step : report.steps()) {
      long rows = step.rowsWritten();
      if (rows > 0) {
        written.add(step.name() + " (" + rows(rows) + ")");
      }
    }
    return written;
  }

  /** The steps that came to their end, each with the rows that it wrote, if any. */
  public static List<String> doneSteps(Report report) {
    List<String> done = new ArrayList<>();
    for (StepReport step : report.steps()) {
      if (step.status() == StepStatus.DONE) {
        long rows = step.rowsWritten();
        done.add(step.name() + (rows == 0 ? "" : " (" + rows(rows) + ")"));
      }
    }
    return done;
  }

  /** The rows of a step that the server did not take, or did not let go. */
  public static String rejected(StepReport step) {
    List<String> parts = new ArrayList<>();
    add(parts, "%,d rejected", unlessNone(step.rejected()));
    add(parts, "%,d that could not be deleted", unlessNone(step.written().deletes().undeletable()));
    long gone =
        step.rejected()
            + step.written().deletes().undeletable()
            - step.written().rejected().forTheData();
    add(parts, "%,d of them for a parent gone meanwhile", unlessNone(gone));
    return String.join(", ", parts) + "; the first: " + step.rejections().get(0);
  }

  public static String verified(Verified verified) {
    String counts =
        String.format(
                Locale.ROOT,
                "%,d missing, %,d added meanwhile, %,d revoked meanwhile",
                verified.missing(),
                verified.addedMeanwhile(),
                verified.revokedMeanwhile())
            + (verified.foreign() == 0
                ? ""
                : String.format(Locale.ROOT, ", " + FOREIGN, verified.foreign()));
    return verified.examples().isEmpty()
        ? counts
        : counts + "; missing first: " + String.join(", ", verified.examples());
  }

  /** What became of rows that a run wrote, and that are not justified any more. */
  public static String takenBack(Verified verified, UndoCounts counts) {
    long stays = verified.revokedMeanwhile() - counts.takenBack() - counts.already();
    return String.format(
            Locale.ROOT,
            "of %s that this run wrote and the sources revoked meanwhile, %,d taken back",
            rows(verified.revokedMeanwhile()),
            counts.takenBack())
        + (stays <= 0 ? "" : String.format(Locale.ROOT, ", %,d left", stays))
        + (counts.leftRows().isEmpty()
            ? ""
            : "; left first: ("
                + String.join(", ", counts.leftRows().get(0).key())
                + ") "
                + counts.leftRows().get(0).reason());
  }

  /** That what a run wrote is not justified any more: it stays until a person takes it away. */
  public static String revoked(Verified verified) {
    return String.format(
        Locale.ROOT,
        verified.revokedMeanwhile() == 1
            ? "%,d row that this run wrote was revoked in the sources meanwhile, and is still there; take it away, or run again with surplus = delete"
            : "%,d rows that this run wrote were revoked in the sources meanwhile, and are still there; take them away, or run again with surplus = delete",
        verified.revokedMeanwhile());
  }

  private static String changes(Map<String, Long> changes) {
    return changes.isEmpty()
        ? ""
        : changes.entrySet().stream()
            .map(c -> String.format(Locale.ROOT, "%s in %,d", c.getKey(), c.getValue()))
            .collect(Collectors.joining(", ", " (", ")"));
  }

  private static void add(List<String> parts, String format, Long count) {
    if (count != null) {
      parts.add(String.format(Locale.ROOT, format, count));
    }
  }

  private static void addAll(List<String> parts, String format, Map<String, Long> counts) {
    if (counts != null) {
      counts.forEach((table, rows) -> parts.add(String.format(Locale.ROOT, format, rows, table)));
    }
  }

  /** A failure in one line. */
  public static String failure(Throwable failure) {
    if (failure instanceof NotReadyException notReady) {
      return String.join("; ", notReady.reasons());
    }
    if (failure instanceof LostSnapshotException
        || failure instanceof RecoveryConflictException
        || failure instanceof RunLedger.LedgerException) {
      return SqlFailure.oneLine(failure.getMessage());
    }
    return SqlFailure.message(failure)
        + RecoveryConflictException.cure(failure).map(cure -> ". " + cure).orElse("");
  }

  /** Says a failure to people: what was attempted, what came of it, and what to do. */
  public static void explain(
      Throwable failure, ExitCode code, Report.Failure error, Progress progress) {
    if (failure instanceof NotReadyException notReady) {
      progress.warn(
          error.step() == null
              ? "preflight: not ready, nothing was written:"
              : "preflight: step " + error.step() + " cannot run:");
      notReady.reasons().forEach(reason -> progress.warn("  " + reason));
      return;
    }
    if (failure instanceof RefusedException) {
      progress.warn("refused: " + error.message());
      return;
    }
    String where = error.step() == null ? error.stage() : error.stage() + " " + error.step();
    String state = error.sqlState() == null ? "" : " (SQLSTATE " + error.sqlState() + ")";
    progress.warn(
        where + " failed: " + error.message() + state + ". " + cure(failure, code, error));
    if (code == ExitCode.BUG) {
      // Only the job's developers can act on it, and they need all of it.
      LOG.error("this is a bug of the job", failure);
    } else {
      LOG.debug("the whole failure", failure);
    }
  }

  /** Says to people where a run was stopped, and what is written. */
  public static void explainStop(
      Stopping.Reason reason, Stage stage, StepReport step, Throwable failure, Progress progress) {
    String where = step == null ? stage.toString() : stage + " " + step.name();
    progress.warn(where + " stopped by " + reason.what() + ": " + writtenBefore(stage, step));
    LOG.debug("what the stop broke off", failure);
  }

  private static String writtenBefore(Stage stage, StepReport step) {
    return switch (stage) {
      case WRITE -> "each batch before it is written, whole";
      case VERIFY -> "everything is written, and not all of it is verified";
      case READ, FLATTEN, DIFF -> "the step wrote nothing";
      default -> step == null ? "nothing was written" : "the step wrote nothing";
    };
  }

  private static String cure(Throwable failure, ExitCode code, Report.Failure error) {
    return switch (code) {
      case READ_FAILED -> written(error) + again(failure, error, "run the same command again.");
      case WRITE_FAILED ->
          "The batches before it are written"
              + again(
                  failure, error, "mend what the message says, then run the same command again.");
      case BUG -> "Ask verify for the state of the tables.";
      default -> wroteNothing(error) + ".";
    };
  }

  private static String written(Report.Failure error) {
    return switch (error.stage()) {
      case "write" -> "What Spark kept of the rows is lost; the batches before it are written";
      case "verify" -> "What the steps wrote is written, and not all of it is verified";
      default -> wroteNothing(error);
    };
  }

  /** Steps before this one may have written: preflight looks at a step again once it comes. */
  private static String wroteNothing(Report.Failure error) {
    return error.step() == null ? "Nothing was written" : "The step wrote nothing";
  }

  private static String again(Throwable failure, Report.Failure error, String advice) {
    if (error.retryable()) {
      return "; " + advice;
    }
    // Its own words say what to do.
    return failure instanceof LaggingReplicaException || failure instanceof OldSnapshotException
        ? "."
        : ". " + mending(failure);
  }

  /** What helps where another attempt alone does not. */
  private static String mending(Throwable failure) {
    if (QueryFailure.in(failure).isPresent()) {
      return "Every attempt fails so, until the query is mended, or the row that it fails for.";
    }
    if (ExitCode.outOfMemory(failure)) {
      return "Give the driver, or the executors, more memory: SPARK_DRIVER_MEMORY, --executor-memory.";
    }
    return Lasting.cure(failure)
        .orElse("Every attempt fails so, until what the message says is mended.");
  }
}
