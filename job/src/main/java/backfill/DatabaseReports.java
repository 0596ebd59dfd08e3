package backfill;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.Ready;
import backfill.postgres.Server;
import backfill.postgres.Target;
import backfill.spark.Reading;
import java.util.ArrayList;

/** What the report and the log say of a database. */
final class DatabaseReports {
  private DatabaseReports() {}

  static Report.DatabaseReport of(Ready ready, Plan plan) {
    return new Report.DatabaseReport(
        ready.server().address(),
        ready.server().version(),
        ready.server().user(),
        ready.readFrom().address(),
        new ArrayList<>(),
        Math.max(plan.settings().read().readers(), plan.settings().write().writers()));
  }

  static Report.SnapshotReport of(Reading reading) {
    return new Report.SnapshotReport(
        reading.snapshot().lsn(), reading.snapshot().at().toString(), reading.held().toMillis());
  }

  /** Which database on which server, what it is, and as whom. */
  static String sentence(Server server, Server readFrom) {
    String written = sentence(server);
    return readFrom.address().equals(server.address())
        ? written
        : written + "; reading from " + sentence(readFrom);
  }

  /** How a step writes, and what decides there which rows are the same. */
  static String writeRule(Step.Fill step, Target target) {
    return "write %s: unnest arrays, %s %s"
        .formatted(
            step.name(),
            step instanceof Step.Rows rows && rows.mode() == Step.Mode.UPDATE
                ? "compare and set by"
                : "arbiter",
            target.arbiter().index());
  }

  private static String sentence(Server server) {
    return "database "
        + server.database()
        + " at "
        + server.address()
        + ", PostgreSQL "
        + server.version()
        + ", "
        + (server.standby() ? "replica" : "primary")
        + ", as "
        + server.user();
  }
}
