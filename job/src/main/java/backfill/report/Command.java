package backfill.report;

import backfill.postgres.ledger.RunStatus;
import backfill.postgres.preflight.Purpose;
import java.util.Locale;

/** How far a plan is taken, and what follows from that. */
public enum Command {
  /** Preflight, nothing more. */
  CHECK(Purpose.RUN, RunStatus.DRY_RUN),
  /** Counts, and writes nothing. */
  PLAN(Purpose.PLAN, RunStatus.DRY_RUN),
  /** The backfill. */
  RUN(Purpose.RUN, RunStatus.SUCCEEDED),
  /** Counts what is missing now, and writes nothing. */
  VERIFY(Purpose.VERIFY, RunStatus.SUCCEEDED);

  /** What the servers are asked for. */
  public final Purpose purpose;

  /** How it ends where nothing is amiss. */
  public final RunStatus success;

  /** Whether the plan's hooks are called: they are about what is written. */
  public final boolean callsHooks;

  Command(Purpose purpose, RunStatus success) {
    this.purpose = purpose;
    this.success = success;
    this.callsHooks = purpose == Purpose.RUN && success == RunStatus.SUCCEEDED;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
