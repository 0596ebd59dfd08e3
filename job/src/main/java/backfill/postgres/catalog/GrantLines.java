package backfill.postgres.catalog;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.server.Server;
import backfill.postgres.server.ServerPair;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The least role as people read it: statements, and comments that begin with two hyphens. */
public final class GrantLines {
  private GrantLines() {}

  /**
   * As psql takes them: another database is connected to before what is granted there.
   *
   * @param findings of each database
   * @param servers of each database
   * @param role which gets the rights; empty for the one that we are
   */
  public static List<String> of(
      Map<String, Findings> findings, Map<String, ServerPair> servers, Optional<String> role) {
    List<String> lines = new ArrayList<>();
    findings.forEach(
        (name, of) -> {
          Server server =
              name.equals(Plan.MAIN) ? servers.get(name).named() : servers.get(name).read();
          if (findings.size() > 1) {
            lines.add(
                "-- In database %s at %s, which the plan calls %s:"
                    .formatted(server.database(), server.address(), name));
          }
          if (!name.equals(Plan.MAIN)) {
            lines.add("COMMIT;");
            lines.add("\\connect -reuse-previous=on postgresql://" + uri(server));
            lines.add("BEGIN;");
          }
          of.leastRole().notes().forEach(note -> lines.add("-- " + note));
          of.leastRole()
              .statements(server.database(), role.orElse(server.user()))
              .forEach(grant -> lines.add(grant + ";"));
        });
    if (findings.size() > 1) {
      lines.add("COMMIT;");
    }
    return lines;
  }

  private static String uri(Server server) {
    String host = server.address().substring(0, server.address().lastIndexOf('/'));
    return host
        + "/"
        + URLEncoder.encode(server.database(), StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** Which tables a condition reads is not looked at: it is asked as it is. */
  public static void noteConditions(
      Plan plan, List<? extends Step> steps, Set<String> skipped, LeastRole role) {
    plan.onlyIf().ifPresent(condition -> role.note("only-if is asked too: " + condition));
    for (Step step : steps) {
      step.onlyIf()
          .ifPresent(
              condition ->
                  role.note("only-if of step " + step.name() + " is asked too: " + condition));
      if (skipped.contains(step.name())) {
        role.note("step " + step.name() + " is skipped here, and what it needs is left out");
      }
    }
  }
}
