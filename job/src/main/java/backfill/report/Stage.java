package backfill.report;

import java.util.Locale;

/**
 * What a run goes through, in this order; the word is the same in the log, in Spark's job groups
 * and in the report.
 */
public enum Stage {
  LOAD,
  PREFLIGHT,
  READ,
  FLATTEN,
  DIFF,
  WRITE,
  VERIFY,
  REPORT;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
