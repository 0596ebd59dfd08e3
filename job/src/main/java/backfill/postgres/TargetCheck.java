package backfill.postgres;

import backfill.plan.Step;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether a step's target can be filled: what holds for every kind of step; the rest is in its
 * kind's own check.
 */
final class TargetCheck {
  private final Catalog catalog;
  private final Rights rights;
  private final int readers;
  private final PairsCheck pairs;
  private final RowsCheck rows;
  private final ParentCatalog parents;
  private final Findings findings;

  TargetCheck(Inquiry inquiry, String user, int readers, Findings findings) {
    this.rights = new Rights(inquiry, user);
    this.readers = readers;
    this.catalog = new Catalog(inquiry);
    this.pairs = new PairsCheck(rights, findings);
    this.rows = new RowsCheck(rights, findings);
    this.parents = new ParentCatalog(inquiry);
    this.findings = findings;
  }

  /** What the step's statements are to a trigger. */
  static String event(Step.Fill step) {
    return step instanceof Step.Pairs ? "INSERT" : "UPDATE";
  }

  static String place(Step step) {
    return "step " + step.name();
  }

  /** The target, or reasons among the findings. */
  Optional<Target> check(Step.Fill step, Table table, Map<String, Table> sources, Shapes shapes)
      throws SQLException {
    if (!isFillable(step, table)) {
      return Optional.empty();
    }
    if (catalog.rowSecurityActive(table)) {
      findings.refuse(place(step), SourceCheck.rowSecurity(table));
    }
    if (step instanceof Step.Pairs own) {
      pairs.check(own, table, sources);
    } else if (step instanceof Step.Rows own) {
      rows.check(own, table, Optional.ofNullable(shapes.outputs().get(step.name())));
    }
    rights.adviseRanges(place(step), table, readers, findings);
    List<String> triggers = triggers(step, table);
    rules(step, table);
    List<ParentTable> referred = step instanceof Step.Pairs ? parents.of(table) : List.of();
    return arbiter(step, table).map(arbiter -> new Target(table, arbiter, triggers, referred));
  }

  private boolean isFillable(Step.Fill step, Table table) {
    if (!table.isTable()) {
      findings.refuse(
          place(step),
          table.name()
              + " is "
              + table.kindInWords()
              + "; only a table can be filled, name the one behind it");
    } else if (!table.foreignParts().isEmpty()) {
      findings.refuse(
          place(step),
          table.foreignParts().get(0)
              + ", a part of "
              + table.name()
              + ", is a foreign table, where no ON CONFLICT works; fill the local parts, a step each");
    }
    return table.isTable() && table.foreignParts().isEmpty();
  }

  private Optional<Arbiter> arbiter(Step.Fill step, Table table) {
    List<String> missing =
        step.key().stream().filter(column -> table.column(column).isEmpty()).toList();
    for (String column : missing) {
      findings.refuse(place(step), SourceCheck.noColumn(table, column));
    }
    return missing.isEmpty()
        ? ArbiterRule.choose(place(step), table, step.key(), findings)
        : Optional.empty();
  }

  private List<String> triggers(Step.Fill step, Table table) throws SQLException {
    String event = event(step);
    for (Trigger trigger : catalog.triggers(table, event)) {
      if (!trigger.securityDefiner()) {
        findings
            .leastRole()
            .note(
                "trigger %s on %s runs %s() with the rights of whoever writes: GRANT what it needs too"
                    .formatted(trigger.name(), table.name(), trigger.function()));
      }
    }
    List<String> triggers = catalog.beforeRowTriggers(table, event);
    for (String trigger : triggers) {
      findings.warn(
          place(step),
          "trigger %s fires BEFORE %s on %s and may change or drop rows"
              .formatted(trigger, event, table.name()));
    }
    return triggers;
  }

  private void rules(Step.Fill step, Table table) throws SQLException {
    for (String rule : catalog.rules(table)) {
      if (step instanceof Step.Pairs) {
        findings.refuse(
            place(step),
            "rule %s rewrites statements on %s, and no INSERT with ON CONFLICT is taken beside it; DROP RULE %s ON %s"
                .formatted(rule, table.name(), TableName.quote(rule), table.name().quoted()));
      } else {
        findings.warn(
            place(step), "rule %s on %s may change or drop rows".formatted(rule, table.name()));
      }
    }
  }
}
