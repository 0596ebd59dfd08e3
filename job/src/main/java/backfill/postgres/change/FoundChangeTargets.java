package backfill.postgres.change;

import backfill.postgres.catalog.Table;
import java.util.Map;
import java.util.Optional;

/**
 * What preflight found of the steps that change a database from within.
 *
 * @param targets step to what it goes along, of the {@code batches} whose table is there
 * @param tables step to the table that it touches, of all steps whose table is known and there
 */
public record FoundChangeTargets(Map<String, ChangeTarget> targets, Map<String, Table> tables) {
  /** Of a run that has none. */
  public static final FoundChangeTargets NONE = new FoundChangeTargets(Map.of(), Map.of());

  /** The index that a step goes along. */
  public Optional<String> indexOf(String step) {
    return Optional.ofNullable(targets.get(step)).map(ChangeTarget::index);
  }
}
