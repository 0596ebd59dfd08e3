package backfill.postgres.throttle;

import backfill.plan.Plan;
import backfill.plan.Throttle;
import backfill.postgres.catalog.Findings;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;

/** Whether the signals of a run can be read, and whether those of the plan give a number. */
public final class SignalRights {
  private static final String LISTS =
      """
      SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc p
      WHERE p.oid = pg_catalog.to_regprocedure('pg_catalog.pg_ls_archive_statusdir()')
        AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')""";

  private final Plan plan;
  private final Findings findings;

  private SignalRights(Plan plan, Findings findings) {
    this.plan = plan;
    this.findings = findings;
  }

  /** Whether the directory in which segments wait for the archiver is ours to look into. */
  static boolean listsQueue(Connection connection) throws SQLException {
    SessionSettings.begin(connection);
    boolean lists = Inquiry.rows(connection, LISTS, row -> row.getLong(1) > 0).get(0);
    connection.rollback();
    return lists;
  }

  /**
   * Reads each signal once: one that is hidden is a warning that names it, a plan's one that the
   * server refuses is a reason not to run, and so is none.
   *
   * @param now the run's {@code :now}
   */
  public static void check(
      Inquiry inquiry, Plan plan, Collection<TableName> targets, String now, Findings findings)
      throws SQLException {
    Throttle throttle = plan.settings().throttle();
    if (!throttle.on()) {
      return;
    }
    boolean lists = inquiry.one(LISTS, row -> row.getLong(1) > 0);
    List<PaceSignal> signals =
        ServerSignals.of(
            throttle,
            "backfill",
            targets,
            lists,
            sql -> Parameters.inline(sql, plan.params(), now));
    List<SignalReading> readings =
        inquiry.askWithoutHurry(
            connection -> new SignalReader(connection, throttle.signalTimeout()).read(signals));
    SignalRights rights = new SignalRights(plan, findings);
    rights.hidden(inquiry, readings);
    for (int i = 0; i < signals.size(); i++) {
      rights.judge(signals.get(i), readings.get(i));
    }
  }

  private void hidden(Inquiry inquiry, List<SignalReading> readings) throws SQLException {
    List<String> names =
        readings.stream()
            .filter(reading -> !reading.known() && reading.text().equals(SignalReader.HIDDEN))
            .map(SignalReading::name)
            .toList();
    if (names.isEmpty()) {
      return;
    }
    String me = inquiry.one("SELECT current_user", row -> TableName.quote(row.getString(1)));
    findings.warn(
        Throttle.KEY,
        "%s cannot be read by role %s: unknown, and so never a reason to slow down; GRANT pg_monitor TO %s, or set %s"
            .formatted(
                String.join(" and ", names),
                me,
                me,
                String.join(
                    " and ", names.stream().map(name -> "throttle." + name + " = none").toList())));
    findings.leastRole().note("GRANT pg_monitor: to read the signals " + String.join(", ", names));
  }

  private void judge(PaceSignal signal, SignalReading reading) {
    if (reading.known()) {
      if (reading.level() == SignalReading.Level.PAUSE) {
        findings.warn(Throttle.KEY, reading.words() + ": a run waits until it keeps to that");
      }
      return;
    }
    if (reading.text().equals(SignalReader.NO_NUMBER)) {
      findings.warn(place(signal), "its query gives no number now: unknown, and never taken as 0");
    } else if (signal.ofPlan() || signal.unit() == ReadingUnit.ANSWER) {
      findings.refuseWriting(
          place(signal),
          "cannot be asked: " + reading.text() + "; give it one SELECT that gives one number");
    } else if (!reading.text().equals(SignalReader.HIDDEN)) {
      findings.warn(
          Throttle.KEY,
          "%s is unknown, and so never a reason to slow down: %s; set throttle.%s = none"
              .formatted(signal.name(), reading.text(), signal.name()));
    }
  }

  private String place(PaceSignal signal) {
    if (!signal.ofPlan()) {
      return "throttle.probe";
    }
    int line =
        plan.settings().throttle().signals().stream()
            .filter(each -> each.name().equals(signal.name()))
            .mapToInt(Throttle.OfPlan::line)
            .findFirst()
            .orElse(0);
    return "%s:%d: throttle.signals.%s".formatted(plan.file().location(), line, signal.name());
  }
}
