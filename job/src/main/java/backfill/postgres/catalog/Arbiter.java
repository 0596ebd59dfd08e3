package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The unique index that decides what a conflict is.
 *
 * @param columns the key, in the step's order
 * @param predicate of a partial index, over key columns alone; or what is known of all rows that
 *     the step owns, where the server can prove the index's own from that
 * @param indexed which rows an index has, where the key alone does not tell
 * @param nullsMatch whether a NULL in the key is the same as another one
 */
public record Arbiter(
    String index,
    List<String> columns,
    Optional<String> predicate,
    Optional<IndexedRows> indexed,
    boolean nullsMatch) {

  /**
   * The conflict target of an INSERT, without an action. A partial index is found only if its
   * predicate is repeated here (42P10 otherwise).
   */
  public String onConflict() {
    return "ON CONFLICT ("
        + columns.stream().map(TableName::quote).collect(Collectors.joining(", "))
        + ")"
        + predicate.map(condition -> " WHERE (" + condition + "\n)").orElse("");
  }
}
