package backfill.report;

import backfill.postgres.server.RowEvent;
import backfill.postgres.undo.LeftRow;
import backfill.postgres.undo.Undo;
import java.util.List;
import java.util.Locale;

/**
 * What became of a run that was to be taken back.
 *
 * @param run the number of the run
 * @param executed whether anything was written; a dry run only counts
 * @param cannot what cannot come back, a sentence each
 * @param writes the run's writes, the last one first
 */
public record UndoReport(String run, boolean executed, List<String> cannot, List<Write> writes) {

  /**
   * One of the run's writes.
   *
   * @param step the ledger's name of it, which begins with the step's
   * @param event what the run did to the rows
   * @param rows those that the ledger names
   * @param takenBack those that were, or would be, deleted, set back or put back
   * @param already those that are as they were before the run
   * @param left those that stay as they are
   * @param leftRows the first of these, each with its key and the reason
   */
  public record Write(
      String step,
      String target,
      RowEvent event,
      long rows,
      long takenBack,
      long already,
      long left,
      List<LeftRow> leftRows) {

    /** What became of one write. */
    public static Write of(Undo.Done done) {
      return new Write(
          done.entry(),
          done.target().toString(),
          done.event(),
          done.counts().rows(),
          done.counts().takenBack(),
          done.counts().already(),
          done.counts().left(),
          done.counts().leftRows());
    }

    /** For people. */
    public String sentence(boolean executed) {
      String verb =
          switch (event) {
            case INSERT -> executed ? "deleted" : "to delete";
            case UPDATE -> executed ? "set back" : "to set back";
            case DELETE -> executed ? "put back" : "to put back";
          };
      return String.format(
          Locale.ROOT,
          "%s: %,d of %s %s, %,d as before the run already, %,d left",
          step,
          takenBack,
          target,
          verb,
          already,
          left);
    }
  }

  /** Rows that stay as the run made them, or as others made them since. */
  public long left() {
    return writes.stream().mapToLong(Write::left).sum();
  }

  /** Rows that were, or would be, taken back. */
  public long takenBack() {
    return writes.stream().mapToLong(Write::takenBack).sum();
  }
}
