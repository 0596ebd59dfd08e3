package backfill.spark.step;

import java.util.List;

/**
 * Who would lose most by a step that deletes what nothing justifies any more.
 *
 * @param users the ten users that lose most, most first
 * @param objects the ten objects that lose most, most first
 */
public record Losses(List<Gains.Gainer> users, List<Gains.Gainer> objects) {}
