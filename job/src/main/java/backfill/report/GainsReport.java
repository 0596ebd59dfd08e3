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
public record GainsReport(Long direct, Long throughGroups, List<Gain> users, List<Gain> objects) {

  /** A user's or an object's key, and the pairs it would gain. */
  record Gain(Object key, long pairs) {}

  public static GainsReport of(Gains gains) {
    return new GainsReport(
        gains.direct(), gains.throughGroups(), list(gains.users()), list(gains.objects()));
  }

  /** Who would lose most: the same two lists. */
  public record LossesReport(List<Gain> users, List<Gain> objects) {
    public static LossesReport of(Losses losses) {
      return new LossesReport(list(losses.users()), list(losses.objects()));
    }
  }

  private static List<Gain> list(List<Gains.Gain> gains) {
    return gains.stream().map(gain -> new Gain(gain.key(), gain.pairs())).toList();
  }
}
