package backfill.postgres;

import java.io.Serializable;
import java.util.List;

/**
 * How the rows that one target refuses are told apart, and how many there may be.
 *
 * @param parentKeys foreign keys over columns that are written
 * @param parents which of their parents there were when the step was read
 * @param triggersMaySwallow whether a BEFORE row trigger fires, which can drop a row without a word
 * @param rowsAllowed rejected rows within which the run goes on
 */
public record RejectionRules(
    List<ParentKey> parentKeys, Parents parents, boolean triggersMaySwallow, long rowsAllowed)
    implements Serializable {

  /** Nothing is known of the target, and no row may be rejected. */
  public static final RejectionRules STRICT =
      new RejectionRules(List.of(), Parents.UNKNOWN, false, 0);

  public RejectionRules {
    parentKeys = List.copyOf(parentKeys);
  }

  /**
   * Ends the work of a writer, or of a step, whose rejected rows are too many.
   *
   * @param before rows that were rejected earlier and are not in the counts
   */
  public void refuseTooMany(WriteCounts counts, long before) {
    long rejected = before + counts.rejectedForTheData();
    if (rejected > rowsAllowed) {
      throw new TooManyRejected(rejected, rowsAllowed, counts.rejections());
    }
  }
}
