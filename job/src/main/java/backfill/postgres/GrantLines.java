package backfill.postgres;

import backfill.plan.Plan;
import backfill.plan.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The least role as people read it: statements, and comments that begin with two hyphens. */
final class GrantLines {
  private GrantLines() {}

  /**
   * @param findings of each database
   * @param servers likewise
   */
  static List<String> of(Map<String, Findings> findings, Map<String, Servers> servers) {
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
          of.leastRole().notes().forEach(note -> lines.add("-- " + note));
          of.leastRole()
              .statements(server.database(), server.user())
              .forEach(grant -> lines.add(grant + ";"));
        });
    return lines;
  }

  /** Which tables a condition reads is not looked at: it is asked as it is. */
  static void noteConditions(
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
