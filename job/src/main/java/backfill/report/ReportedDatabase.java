package backfill.report;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.change.FoundChangeTargets;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.Server;
import backfill.postgres.server.ServerPair;
import backfill.postgres.snapshot.Snapshot;
import backfill.postgres.write.Target;
import backfill.spark.read.Reading;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What the report and the log say of a database. */
public final class ReportedDatabase {
  private ReportedDatabase() {}

  /** Name to report, of each database that was asked. */
  public static Map<String, Report.DatabaseReport> of(PreflightResult ready, Plan plan) {
    Map<String, Report.DatabaseReport> reports = new LinkedHashMap<>();
    int readers = plan.settings().read().readers();
    ready
        .databases()
        .forEach(
            (name, servers) ->
                reports.put(
                    name,
                    new Report.DatabaseReport(
                        servers.named().address(),
                        servers.named().version(),
                        servers.named().user(),
                        servers.read().address(),
                        List.of(),
                        name.equals(Plan.MAIN)
                            ? Math.max(readers, plan.settings().write().writers())
                            : readers,
                        servers.named().systemIdentifier(),
                        servers.named().database())));
    return reports;
  }

  /** A snapshot, once it was let go with those that were taken for the same steps. */
  static Report.SnapshotReport of(Reading.Taken taken, Reading reading) {
    Snapshot main = reading.main();
    Snapshot snapshot = taken.snapshot();
    return new Report.SnapshotReport(
        snapshot.lsn(),
        snapshot.at().toString(),
        snapshot.held().toMillis(),
        snapshot == main ? null : snapshot.laterThan(main).toMillis(),
        snapshot == main ? null : snapshot.laterByServersThan(main).toMillis(),
        taken.server(),
        snapshot.xmin());
  }

  /** The snapshots that some steps read in, for the log. */
  public static String sentence(Reading reading) {
    return reading.snapshots().stream()
        .map(taken -> sentence(taken, reading.main()))
        .collect(Collectors.joining("; "));
  }

  /** How long the snapshots were held, for the log. */
  public static String held(Reading reading) {
    return reading.snapshots().stream()
        .map(
            taken ->
                String.format(
                    Locale.ROOT,
                    "snapshot %s was held for %.1f s",
                    taken.snapshot().id(),
                    taken.snapshot().held().toMillis() / 1000.0))
        .collect(Collectors.joining("; "));
  }

  private static String sentence(Reading.Taken taken, Snapshot main) {
    Snapshot snapshot = taken.snapshot();
    String which = "snapshot %s at %s".formatted(snapshot.id(), snapshot.lsn());
    if (snapshot == main) {
      return which;
    }
    return which
        + " of %s, %d ms after main's (%d ms by the servers' clocks)"
            .formatted(
                taken.database().equals(Plan.MAIN) ? taken.server() : taken.database(),
                snapshot.laterThan(main).toMillis(),
                snapshot.laterByServersThan(main).toMillis());
  }

  /** Which database on which servers, by the name that the plan gives it. */
  public static String sentence(String name, ServerPair servers) {
    return (name.equals(Plan.MAIN) ? "" : name + ": ") + sentence(servers.named(), servers.read());
  }

  /** Which database on which server, what it is, and as whom. */
  private static String sentence(Server server, Server readFrom) {
    String written = sentence(server);
    return readFrom.address().equals(server.address())
        ? written
        : written + "; reading from " + sentence(readFrom);
  }

  /** How a step writes, and what decides there which rows are the same. */
  public static String writeRule(Step.Fill step, PreflightResult ready) {
    Target target = ready.targets().get(step.name());
    List<String> outputs = ready.shapes().outputs().getOrDefault(step.name(), step.written());
    boolean adds = !(step instanceof Step.Rows rows && rows.mode() == Step.Mode.UPDATE);
    return "write %s: %s, %s %s%s"
        .formatted(
            step.name(),
            adds ? target.protocolInWords(step.write().protocol()) : "unnest arrays",
            adds ? "arbiter" : "compare and set by",
            target.arbiter().index(),
            step instanceof Step.Rows && !target.ownParents(outputs).isEmpty()
                ? ", parents first over one connection, because %s refers to itself"
                    .formatted(target.table().name())
                : "");
  }

  /** How a step changes the database from within. */
  public static String writeRule(Step step, FoundChangeTargets changes) {
    if (step instanceof Step.InPlace batches) {
      return "write %s: %s batches along %s"
          .formatted(
              step.name(),
              batches.deletes() ? "deletes in" : "sets in",
              changes.indexOf(step.name()).orElse("a key that is not there yet"));
    }
    return "write %s: looks for %s in the catalog first".formatted(step.name(), step.target());
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
