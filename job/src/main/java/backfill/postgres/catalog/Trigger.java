package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.List;

/**
 * A trigger that fires for what a step writes.
 *
 * @param securityDefiner whether its function runs with its owner's rights, and not with ours
 * @param names tables and sequences whose names are words of its function's text, and the sequences
 *     that number rows of these tables
 */
public record Trigger(
    String name, TableName function, boolean securityDefiner, List<String> names) {
  public Trigger {
    names = List.copyOf(names);
  }
}
