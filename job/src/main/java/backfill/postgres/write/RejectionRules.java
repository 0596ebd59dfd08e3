package backfill.postgres.write;

import backfill.postgres.catalog.ParentKey;
import java.io.Serializable;
import java.util.List;

/**
 * How the rows that one target refuses are told apart, and how many there may be.
 *
 * @param parentKeys foreign keys over columns that are written
 * @param parents which of their parents there were when the step was read
 * @param triggersMaySwallow whether a BEFORE row trigger fires, which can drop a row without a word
 * @param rowsAllowed rejected rows of the whole run within which it goes on
 * @param rowsBefore rejected rows of its earlier steps
 */
public record RejectionRules(
    List<ParentKey> parentKeys,
    Parents parents,
    boolean triggersMaySwallow,
    long rowsAllowed,
    long rowsBefore)
    implements Serializable {

  /** Nothing is known of the target, and no row may be rejected. */
  public static final RejectionRules STRICT =
      new RejectionRules(List.of(), Parents.UNKNOWN, false, 0, 0);

  public RejectionRules {
    parentKeys = List.copyOf(parentKeys);
  }
}
