package backfill.plan;

import backfill.plan.sql.Placeholders;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The table of pairs and its columns.
 *
 * @param object those that identify an object; sources name them in the same order
 * @param user those that identify a user; one that {@code object} has, too, holds the same of both
 * @param set of columns that no pair fills, each to a PostgreSQL expression that a new row gets
 *     there, in the file's order
 * @param level the column that takes the level of a pair; empty where pairs have none
 */
public record IntoPairs(
    String table,
    List<String> object,
    List<String> user,
    Map<String, String> set,
    Optional<String> level) {
  public IntoPairs {
    object = List.copyOf(object);
    user = List.copyOf(user);
    set = InOrder.copy(new LinkedHashMap<>(set));
  }

  /** Of pairs and nothing else. */
  public IntoPairs(String table, List<String> object, List<String> user) {
    this(table, object, user, Map.of(), Optional.empty());
  }

  /** Of keys of one column each, without levels. */
  public IntoPairs(String table, String object, String user) {
    this(table, List.of(object), List.of(user));
  }

  /**
   * The columns that objects and users both have, in the order of the object's. An object and a
   * user that differ in one are no pair, whatever a source says: a row has one value there.
   */
  public List<String> shared() {
    return object.stream().filter(user::contains).toList();
  }

  /** Of the columns that are set, those that get another value in each run, by {@code :now}. */
  public Set<String> varying() {
    return set.keySet().stream()
        .filter(column -> Placeholders.names(set.get(column)).contains(SqlCheck.NOW))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** What identifies a pair: the object's columns, and behind them what the user has besides. */
  public List<String> key() {
    return Stream.concat(object.stream(), user.stream()).distinct().toList();
  }
}
