package backfill;

import backfill.plan.Plan;
import backfill.postgres.Ready;
import backfill.postgres.Server;
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
  static String sentence(Ready ready) {
    String written = sentence(ready.server());
    return ready.readFrom().address().equals(ready.server().address())
        ? written
        : written + "; reading from " + sentence(ready.readFrom());
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
