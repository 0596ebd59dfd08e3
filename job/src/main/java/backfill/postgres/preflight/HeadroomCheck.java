package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Headroom;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Inquiry;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether a target's sequence outlasts two full runs. A cheap upper bound is asked first, and the
 * exact number only if the bound does not fit.
 */
final class HeadroomCheck {
  /** More rows than any server holds: two full runs of this many are never counted. */
  private static final long BEYOND_ANY_TABLE = 1L << 50;

  private final PreflightConnections sessions;
  private final Findings findings;

  HeadroomCheck(PreflightConnections sessions, Findings findings) {
    this.sessions = sessions;
    this.findings = findings;
  }

  void check(Plan plan, Step.Pairs step, Table target, Map<String, Table> sources, String now)
      throws SQLException {
    List<Headroom> all =
        sessions.writing().ask(connection -> Headroom.of(connection, target, step.key()));
    for (Headroom headroom : all) {
      headroom.warning().ifPresent(warning -> findings.warn(Findings.place(step), warning));
    }
    Optional<PairCount> run = PairCount.of(plan, step, sources, now);
    if (run.isEmpty() || !tooSmall(all, BEYOND_ANY_TABLE)) {
      return;
    }
    Inquiry reading = sessions.reading(run.get().database());
    try {
      if (tooSmall(all, run.get().atMost(reading))) {
        long exact = run.get().exactly(reading);
        for (Headroom headroom : all) {
          headroom
              .refusal(exact)
              .ifPresent(refusal -> findings.refuseWriting(Findings.place(step), refusal));
        }
      }
    } catch (SQLException e) {
      // Class 42 is a missing column or right, which has its own reason by now.
      if (findings.reasons().isEmpty() || !String.valueOf(e.getSQLState()).startsWith("42")) {
        throw e;
      }
    }
  }

  private static boolean tooSmall(List<Headroom> all, long rows) {
    return all.stream().anyMatch(headroom -> headroom.refusal(rows).isPresent());
  }
}
