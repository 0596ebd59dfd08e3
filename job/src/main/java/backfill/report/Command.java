package backfill.report;

import java.util.Locale;

/** How far a plan is taken. */
public enum Command {
  /** Preflight, nothing more. */
  CHECK,
  /** Counts, and writes nothing. */
  PLAN,
  /** The backfill. */
  RUN,
  /** Counts what is missing now, and writes nothing. */
  VERIFY;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
