package backfill.postgres.explain;

import backfill.membership.key.JoinedKey;
import backfill.plan.IntoPairs;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What the other side of a pair must hold in the columns that both have, once the one is known: no
 * grant crosses them.
 *
 * @param places of these columns in the other side's key
 */
record Within(List<Integer> places, List<String> values) {
  Within {
    places = List.copyOf(places);
    values = List.copyOf(values);
  }

  /** Of the users of an object. */
  static Within object(IntoPairs into, String object) {
    return of(into.shared(), into.object(), object, into.user());
  }

  /** Of the objects of a user. */
  static Within user(IntoPairs into, String user) {
    return of(into.shared(), into.user(), user, into.object());
  }

  private static Within of(
      List<String> shared, List<String> columns, String key, List<String> others) {
    List<String> values = columns.size() == 1 ? List.of(key) : JoinedKey.parts(key);
    return new Within(
        shared.stream().map(others::indexOf).toList(),
        shared.stream().map(name -> values.get(columns.indexOf(name))).toList());
  }

  /** Adds it to a condition. */
  Sql addTo(Sql sql, Stored other) {
    for (int i = 0; i < places.size(); i++) {
      other.parts().get(places.get(i)).is(sql.add(" AND "), values.get(i));
    }
    return sql;
  }

  /** Whether a key of the other side holds it. */
  boolean has(String key) {
    List<String> held = places.isEmpty() ? List.of() : JoinedKey.parts(key);
    return IntStream.range(0, places.size())
        .allMatch(i -> held.get(places.get(i)).equals(values.get(i)));
  }
}
