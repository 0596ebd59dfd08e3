package backfill.report;

import backfill.postgres.ledger.RunStatus;
import backfill.postgres.preflight.Purpose;
import java.util.Locale;
import java.util.Set;

/** How far a plan is taken, and what follows from that. */
public enum Command {
  /** Preflight, nothing more. */
  CHECK(Purpose.RUN, RunStatus.DRY_RUN, Set.of()),
  /** Counts, and writes nothing. */
  PLAN(Purpose.PLAN, RunStatus.DRY_RUN, Set.of(Told.METRICS)),
  /** The backfill. */
  RUN(Purpose.RUN, RunStatus.SUCCEEDED, Set.of(Told.METRICS, Told.LINEAGE)),
  /** Counts what is missing now, and writes nothing. */
  VERIFY(Purpose.VERIFY, RunStatus.SUCCEEDED, Set.of(Told.METRICS));

  /** What the servers are asked for. */
  public final Purpose purpose;

  /** How it ends where nothing is amiss. */
  public final RunStatus success;

  /** Whether the plan's hooks are called: they are about what is written. */
  public final boolean callsHooks;

  /** What is told of it beside its report. */
  public final Set<Told> told;

  /** What others are told of a command. */
  public enum Told {
    /** Its numbers. */
    METRICS,
    /** Which tables it reads and writes. */
    LINEAGE
  }

  Command(Purpose purpose, RunStatus success, Set<Told> told) {
    this.purpose = purpose;
    this.success = success;
    this.told = told;
    this.callsHooks = purpose == Purpose.RUN && success == RunStatus.SUCCEEDED;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
