package backfill.report;

import backfill.plan.Step;
import backfill.postgres.change.InPlaceCount;
import backfill.postgres.change.InPlaceRun;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.StepStatus;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.undo.UndoCounts;
import backfill.report.StepReport.Diffed;
import backfill.report.StepReport.Foretold;
import backfill.report.StepReport.Read;
import backfill.report.StepReport.ToDo;
import backfill.spark.diff.DiffSum;
import backfill.spark.read.LeftOut;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.Gains;
import backfill.spark.step.GrantShape;
import backfill.spark.step.Losses;
import backfill.spark.step.RowsToSet;
import backfill.spark.step.Verified;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes down what becomes of one step, event by event. Each part that it holds is a value, so that
 * its present state costs nothing. Used by the run's own thread.
 */
public final class StepReportBuilder {
  private final Step step;
  private String target;
  private StepStatus status = StepStatus.PENDING;
  private Map<String, Long> read = Map.of();
  private Map<String, LeftOut> leftOut = Map.of();
  private NestingReport nested;
  private NestingReport nestedObjects;
  private DiffCounts plan;
  private ToDo toDo = new ToDo(null, null, null, null);
  private String owns;
  private Long takenAway;
  private String cannotUndo;
  private Long ledgerBytes;
  private Foretold foretold = new Foretold(null, null, null, null, null);
  private StepReport.Verified verified = new StepReport.Verified(null, null, null, null, null);
  private final StepOutcome outcome = new StepOutcome();
  private final StepCost cost = new StepCost();

  /**
   * How rows to add travel.
   *
   * @param copies whether they are copied: those of a batch that meets a conflict are sent again
   * @param numbers whether each takes a value of a sequence
   */
  public record Sending(boolean copies, boolean numbers) {}

  /** What is done in a stage. */
  @FunctionalInterface
  public interface Work<E extends Exception> {
    void run() throws E;
  }

  public StepReportBuilder(Step step) {
    this.step = step;
    this.target = step.target();
  }

  /** What is known of it so far. */
  public StepReport now() {
    return new StepReport(
        step,
        target,
        status,
        new Read(read, leftOut, nested, nestedObjects),
        new Diffed(
            plan, toDo, owns, takenAway, foretold, new StepReport.Undoing(cannotUndo, ledgerBytes)),
        outcome.now(),
        verified,
        cost.now());
  }

  public Step step() {
    return step;
  }

  /** The server has this name for its table. */
  public void found(String table) {
    target = table;
  }

  /** What was read for it; statements add up where it is read more than once. */
  public void read(Map<String, Long> rows, long sent) {
    Map<String, Long> all = new LinkedHashMap<>(read);
    all.putAll(rows);
    read = Collections.unmodifiableMap(all);
    sent(sent);
  }

  /** What a source does not give of its table. */
  public void leftOut(String source, LeftOut rows) {
    Map<String, LeftOut> all = new LinkedHashMap<>(leftOut);
    all.put(source, rows);
    leftOut = Collections.unmodifiableMap(all);
  }

  /** Which groups, and which objects, are nested in which; null where none are. */
  public void nested(NestingReport groups, NestingReport objects) {
    nested = groups;
    nestedObjects = objects;
  }

  /** Not all that it writes could be taken back, for this reason. */
  public void cannotBeUndone(String reason) {
    cannotUndo = reason;
  }

  /** So much the ledger keeps of its rows, or would keep. */
  public void keptInLedger(long bytes) {
    ledgerBytes = bytes;
  }

  /** Statements that read or wrote rows. */
  public void sent(long more) {
    cost.sent(more);
  }

  /**
   * What the diff decided.
   *
   * @param owned which rows of the target are the step's, or null for all
   */
  public void planned(DiffCounts decided, String owned) {
    plan = decided;
    owns = owned;
    toDo = new ToDo(plan.planned(), plan.toInsert(), plan.toUpdate(), plan.toDelete());
    outcome.planned(plan);
  }

  /** What a dry run says beyond the counts; each is null where it does not apply. */
  public void foretold(Gains gains, Losses losses, List<RowsToSet> toSet, GrantShape shape) {
    foretold =
        new Foretold(
            gains == null ? null : GainsReport.of(gains),
            losses == null ? null : GainsReport.LossesReport.of(losses),
            toSet,
            foretold.rows(),
            shape);
  }

  /** The rows that it would add, set or take away were looked at one by one. */
  public void told(DiffSum rows) {
    foretold =
        new Foretold(foretold.gains(), foretold.losses(), foretold.toSet(), rows, foretold.shape());
  }

  /** How many of the rows to insert were there after the last run; null where it is not known. */
  public void takenAway(Long rows) {
    takenAway = rows;
  }

  /** What a step of batches has to do, and what goes along. */
  public void foretold(Step.InPlace batches, InPlaceCount.Foretold told) {
    cascaded(told.cascaded().orElse(null));
    sent(told.rows().isPresent() ? 1 : 0);
    counted(batches, told.rows().orElse(null));
  }

  /** How many rows a step of batches has to do; null where that is not known. */
  public void counted(Step.InPlace batches, Long rows) {
    toDo = new ToDo(rows, null, batches.deletes() ? null : rows, batches.deletes() ? rows : null);
  }

  /** What goes along with the rows to delete, or went; null where that is not known. */
  public void cascaded(Map<String, Long> rows) {
    outcome.cascaded(rows);
  }

  /** Its write begins: the rows that no statement can write count as rejected from here on. */
  public void beginsToWrite(Sending how) {
    outcome.begin(plan, how);
  }

  /** Writers are at work. */
  public void writing() {
    status = StepStatus.WRITING;
  }

  /** What the writers did. */
  public void written(StepCounts counts) {
    outcome.written(plan, counts);
    cost.took(counts.total());
  }

  /** What the batches of a step did that changes rows where they are. */
  public void written(WriteCounts counts) {
    if (step instanceof Step.Ddl) {
      return;
    }
    // Those that it went for: more than were counted first where some came in meanwhile.
    toDo = new ToDo(counts.rows(), null, toDo.toUpdate(), toDo.toDelete());
    outcome.written(step, counts);
    cost.took(counts);
  }

  /** Its sessions were seen to wait so long for locks that they got. */
  public void waitedForLocks(long millis) {
    cost.waitedForLocks(millis);
  }

  /** The throttle held its statements back so long. */
  public void held(long nanos) {
    cost.held(nanos);
  }

  /** Statements that were tried again, of a step that has no batches. */
  public void retried(long times) {
    cost.retried(times);
  }

  /** Rows may have been sent in vain, and have taken a value of the sequence each time. */
  public void sentAgain() {
    outcome.sentAgain();
  }

  /** Sequences that were set forward, each with its value. */
  public void sequencesSet(Map<String, Long> values) {
    outcome.sequencesSet(values);
  }

  /**
   * In how many rows each column was really set.
   *
   * @param set column to rows; null where that is not known
   */
  public void changed(Map<String, Long> set) {
    outcome.changed(set);
  }

  /** What verify found. */
  public void verified(Verified found) {
    verified =
        new StepReport.Verified(
            found.missing(), found.addedMeanwhile(), found.revokedMeanwhile(), null, null);
  }

  /** What was revoked meanwhile was to be taken back. */
  public void takenBack(UndoCounts counts) {
    verified =
        new StepReport.Verified(
            verified.missing(),
            verified.addedMeanwhile(),
            verified.revokedMeanwhile(),
            counts.takenBack(),
            counts.leftRows());
  }

  /** What is left of a step of batches. */
  public void verified(InPlaceRun.Remaining left) {
    verified = new StepReport.Verified(left.missing(), left.addedMeanwhile(), null, null, null);
  }

  /** What would have to be written is missing. */
  public void missesAll() {
    missing(toDo.planned() == null ? null : (Long) now().toWrite());
  }

  /** How much is missing of what it is to make; null where that is not known. */
  public void missing(Long rows) {
    verified = new StepReport.Verified(rows, null, null, null, null);
  }

  /** What its table needs now that no later step writes it. */
  public void upkeep(StepReport.Upkeep found) {
    outcome.upkeep(found);
  }

  public void skipped() {
    status = StepStatus.SKIPPED;
  }

  public void done() {
    status = StepStatus.DONE;
  }

  public void refused() {
    status = StepStatus.REFUSED;
  }

  public void failed() {
    status = StepStatus.FAILED;
  }

  public void stopped() {
    status = StepStatus.STOPPED;
  }

  /** Does some work of a stage, and adds the time that it takes. */
  public <E extends Exception> void timed(Stage stage, Work<E> work) throws E {
    cost.timed(stage, work);
  }
}
