package backfill.run;

import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.Server;
import backfill.report.ApprovedReport;
import backfill.report.ApprovedReport.DatabaseAsked;
import backfill.report.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Holds the databases of a run against those that the approved dry run asked. */
record ApprovedDatabases(Map<String, DatabaseAsked> asked) {
  static ApprovedDatabases of(ApprovedReport report) {
    return new ApprovedDatabases(report.databases());
  }

  /** Each that is another one by now. */
  List<Refusal> refusals(PreflightResult ready) {
    List<Refusal> refusals = new ArrayList<>();
    ready
        .databases()
        .forEach(
            (name, servers) ->
                other(name, servers.named())
                    .map(sentence -> Refusal.byApproval(null, sentence))
                    .ifPresent(refusals::add));
    return refusals;
  }

  private Optional<String> other(String name, Server now) {
    DatabaseAsked then = asked.get(name);
    if (then == null) {
      return Optional.of("the approved dry run did not ask database " + name + " of the plan");
    }
    if (!then.database().equals(now.database())) {
      return Optional.of(
          "the approved dry run was of database \"%s\" at %s, and %s is \"%s\" at %s"
              .formatted(then.database(), then.server(), name, now.database(), now.address()));
    }
    return untold(name, now) || then.systemIdentifier().equals(now.systemIdentifier())
        ? Optional.empty()
        : Optional.of(
            "the approved dry run was of another server: the system identifier of %s was %s, and that of %s is %s"
                .formatted(
                    then.server(), then.systemIdentifier(), now.address(), now.systemIdentifier()));
  }

  /** What of them cannot be compared, in words. */
  List<String> notCompared(PreflightResult ready) {
    List<String> not = new ArrayList<>();
    ready
        .databases()
        .forEach(
            (name, servers) -> {
              if (untold(name, servers.named())) {
                not.add(
                    "approval: the server of %s does not tell its system identifier%s; only the database's name, \"%s\", was compared"
                        .formatted(
                            name,
                            untoldThen(name) ? ", or did not at the dry run" : "",
                            servers.named().database()));
              }
            });
    return not;
  }

  private boolean untold(String name, Server now) {
    return untoldThen(name) || now.systemIdentifier() == null;
  }

  private boolean untoldThen(String name) {
    return asked.get(name) == null || asked.get(name).systemIdentifier() == null;
  }
}
