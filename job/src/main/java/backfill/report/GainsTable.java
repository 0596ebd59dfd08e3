package backfill.report;

import backfill.spark.step.RowsToSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Who would gain and lose most by a step, and what it would set, for the person who approves it.
 */
final class GainsTable {
  private GainsTable() {}

  static String text(StepReport step) {
    StringBuilder text = new StringBuilder();
    GainsReport gains = step.diffed().foretold().gains();
    GainsReport.LossesReport losses = step.diffed().foretold().losses();
    List<RowsToSet> toSet = step.diffed().foretold().toSet();
    if (gains != null && step.toInsert() > 0) {
      text.append(
          lines(
              gains.direct() == null
                  ? String.format(Locale.ROOT, "%s: %,d to insert", step.name(), step.toInsert())
                  : String.format(
                      Locale.ROOT,
                      "%s: %,d direct, %,d through groups",
                      step.name(),
                      gains.direct(),
                      gains.throughGroups()),
              "  users that gain most:   " + list(gains.users(), '+'),
              "  objects that gain most: " + list(gains.objects(), '+')));
    }
    if (losses != null && !losses.users().isEmpty()) {
      text.append(
          lines(
              String.format(Locale.ROOT, "%s: %,d to delete", step.name(), step.toDelete()),
              "  users that lose most:   " + list(losses.users(), '-'),
              "  objects that lose most: " + list(losses.objects(), '-')));
    }
    for (RowsToSet set : toSet == null ? List.<RowsToSet>of() : toSet) {
      text.append(
          lines(
              String.format(
                  Locale.ROOT,
                  "%s: %s would change in %s, the first:",
                  step.name(),
                  set.column(),
                  Sentences.rows(step.changes().get(set.column())))));
      set.rows()
          .forEach(
              row ->
                  text.append(
                      lines(
                          "  (%s) %s -> %s"
                              .formatted(
                                  String.join(", ", row.key()), row.before(), row.after()))));
    }
    return text.toString();
  }

  private static String lines(String... lines) {
    String next = System.lineSeparator() + "  ";
    return next + String.join(next, lines);
  }

  private static String list(List<GainsReport.Gainer> gains, char sign) {
    return gains.stream()
        .map(gain -> String.format(Locale.ROOT, "%s (%c%,d)", gain.key(), sign, gain.pairs()))
        .collect(Collectors.joining(", "));
  }
}
