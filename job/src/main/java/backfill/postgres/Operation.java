package backfill.postgres;

/** What happens to a row. */
public enum Operation {
  /** It is added unless one with its key is there; how many were there is counted. */
  INSERT_MISSING,
  /** Likewise, and those whose key was there are named. */
  INSERT_AND_NAME,
  /**
   * The row with its key gets the new values if it still holds the expected ones: after the columns
   * come, for each column that is compared, the value that was read.
   */
  COMPARE_AND_SET,
  /** The row goes if it still holds exactly these values, those that were read. */
  COMPARE_AND_DELETE;

  /** Whether it adds rows. */
  boolean inserts() {
    return this == INSERT_MISSING || this == INSERT_AND_NAME;
  }

  /** What it is to a trigger, and to a GRANT. */
  public String event() {
    return inserts() ? "INSERT" : this == COMPARE_AND_SET ? "UPDATE" : "DELETE";
  }
}
