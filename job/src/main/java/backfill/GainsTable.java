package backfill;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Who would gain most from a step, for the person who approves it. */
final class GainsTable {
  private GainsTable() {}

  static String text(StepReport step) {
    GainsReport gains = step.gains;
    if (gains.direct() + gains.throughGroups() == 0) {
      return "";
    }
    String line = System.lineSeparator() + "  ";
    return line
        + String.format(
            Locale.ROOT,
            "%s: %,d direct, %,d through groups",
            step.name,
            gains.direct(),
            gains.throughGroups())
        + line
        + "  users that gain most:   "
        + list(gains.users())
        + line
        + "  objects that gain most: "
        + list(gains.objects());
  }

  private static String list(List<GainsReport.Gain> gains) {
    return gains.stream()
        .map(gain -> String.format(Locale.ROOT, "%s (+%,d)", gain.key(), gain.pairs()))
        .collect(Collectors.joining(", "));
  }
}
