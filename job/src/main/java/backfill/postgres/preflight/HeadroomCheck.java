package backfill.postgres.preflight;

import backfill.plan.Amount;
import backfill.plan.GrantSources;
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
 * Whether a target's sequence outlasts two full runs, and the driver's memory what is nested. A
 * cheap upper bound is asked first, and the exact number only if the bound does not fit.
 */
final class HeadroomCheck {
  /** More rows than any server holds: two full runs of this many are never counted. */
  private static final long BEYOND_ANY_TABLE = 1L << 50;

  /** Of a table that was never analyzed: as many rows of two integers as a block of it holds. */
  private static final long ROWS_PER_BLOCK = 226;

  /**
   * What the driver takes for a row that nests, while what is nested is numbered and after that.
   */
  private static final long BYTES_PER_NESTING = 96;

  private static final long BYTES_PER_NUMBERED = 24;

  /**
   * And for a membership, about: itself, and what it adds to the closed sets. A million groups in
   * groups with 20 million memberships took 37.
   */
  private static final long BYTES_PER_MEMBERSHIP = 40;

  private final PreflightConnections sessions;
  private final Findings findings;

  HeadroomCheck(PreflightConnections sessions, Findings findings) {
    this.sessions = sessions;
    this.findings = findings;
  }

  void check(Plan plan, Step.Pairs step, Table target, Map<String, Table> sources, String now)
      throws SQLException {
    List<Headroom> all =
        sessions.writing().ask(connection -> Headroom.of(connection, target, step.written()));
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

  /** Warns where what is nested may take more memory than it may; the run itself knows exactly. */
  void nesting(Plan plan, Step.Pairs step, Map<String, Table> sources) throws SQLException {
    if (step.nested().isEmpty() && step.objects().isEmpty()) {
      return;
    }
    long edges = 0;
    for (GrantSources.Nested each : step.nested()) {
      edges += rows(plan, sources, each.from());
    }
    for (GrantSources.Nested each : step.objects()) {
      edges += rows(plan, sources, each.from());
    }
    long memberships = 0;
    for (GrantSources.Membership each :
        step.nested().isEmpty() ? List.<GrantSources.Membership>of() : step.members()) {
      memberships += rows(plan, sources, each.from());
    }
    long bytes =
        Math.max(
            edges * BYTES_PER_NESTING,
            edges * BYTES_PER_NUMBERED + memberships * BYTES_PER_MEMBERSHIP);
    long most = plan.settings().flatten().nestedBytes();
    if (bytes > most) {
      findings.warn(
          Findings.place(step),
          "what is nested takes about %,d MiB of the driver's memory (by the server's statistics about %s that nest and %s), and flatten.nested-bytes is %,d MiB: a run that needs more ends with exit 4; raise it along with the driver's memory"
              .formatted(
                  bytes >> 20,
                  Amount.of(edges, "row"),
                  Amount.of(memberships, "membership"),
                  most >> 20));
    }
  }

  private long rows(Plan plan, Map<String, Table> sources, String from) throws SQLException {
    Table table = sources.get(from);
    if (table == null || table.isPending()) {
      // A view, or a table that is still to be made.
      return 0;
    }
    long analyzed =
        sessions
            .reading(plan.sources().get(from).database())
            .one(
                "SELECT reltuples::pg_catalog.int8 FROM pg_catalog.pg_class WHERE oid = ?::pg_catalog.oid",
                row -> row.getLong(1),
                table.oid());
    return analyzed >= 0 ? analyzed : table.blocks() * ROWS_PER_BLOCK;
  }

  private static boolean tooSmall(List<Headroom> all, long rows) {
    return all.stream().anyMatch(headroom -> headroom.refusal(rows).isPresent());
  }
}
