package backfill.plan;

/** What a run must have been approved by, before it may write. */
public enum Approve {
  /** By nothing: an approval is used where one is given. */
  NONE,
  /** By the counts of a dry run. */
  COUNTS,
  /** By the counts of a dry run, and by the keys of the rows that it would have written. */
  EXACT
}
