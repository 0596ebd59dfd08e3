package backfill.report;

import backfill.spark.step.Gains;
import backfill.spark.step.Losses;
import java.util.List;

/**
 * Who would gain most, as the report names it.
 *
 * @param direct pairs that a source names; null for a step of rows
 * @param throughGroups pairs that only a group gives; null for a step of rows
 */
public record GainsReport(
    Long direct, Long throughGroups, List<Gainer> users, List<Gainer> objects) {

  /** A user's or an object's key, and the pairs it would gain. */
  record Gainer(Object key, long pairs) {}

  public static GainsReport of(Gains gains) {
    return new GainsReport(
        gains.direct(), gains.throughGroups(), list(gains.users()), list(gains.objects()));
  }

  /** Who would lose most: the same two lists. */
  public record LossesReport(List<Gainer> users, List<Gainer> objects) {
    public static LossesReport of(Losses losses) {
      return new LossesReport(list(losses.users()), list(losses.objects()));
    }
  }

  private static List<Gainer> list(List<Gains.Gainer> gains) {
    return gains.stream().map(gain -> new Gainer(gain.key(), gain.pairs())).toList();
  }
}
