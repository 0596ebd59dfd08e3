package backfill.postgres;

import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * A table that a step fills, and how rows are matched there.
 *
 * @param beforeTriggers names of the BEFORE row triggers that fire for what the step writes
 * @param parents what its foreign keys refer to, for a step that adds rows
 */
public record Target(
    Table table, Arbiter arbiter, List<String> beforeTriggers, List<ParentTable> parents) {

  /** One that an earlier step makes, or changes: what holds there is not known yet. */
  static Target awaited(Table table, List<String> key) {
    return new Target(
        table, new Arbiter("an index to be made", key, Optional.empty()), List.of(), List.of());
  }

  /** The parents of foreign keys over these columns alone. */
  public List<ParentTable> parentsOf(Collection<String> written) {
    return parents.stream().filter(parent -> written.containsAll(parent.key().columns())).toList();
  }
}
