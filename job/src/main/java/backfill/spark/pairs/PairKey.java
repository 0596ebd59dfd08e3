package backfill.spark.pairs;

import backfill.plan.IntoPairs;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * How the key of a row is made of an object's and a user's key, and taken apart again. A column
 * that both have is in it once.
 *
 * @param user the places in a row's key of the user's columns
 * @param own the places among the user's columns of those that the object does not have
 * @param objectColumns how many columns the object has, which come first in a row's key
 * @param shared how many columns both have
 */
record PairKey(List<Integer> user, List<Integer> own, int objectColumns, int shared)
    implements Serializable {
  PairKey {
    user = List.copyOf(user);
    own = List.copyOf(own);
  }

  static PairKey of(IntoPairs into) {
    List<String> key = into.key();
    List<Integer> own = new ArrayList<>();
    for (int place = 0; place < into.user().size(); place++) {
      if (!into.object().contains(into.user().get(place))) {
        own.add(place);
      }
    }
    return new PairKey(
        into.user().stream().map(key::indexOf).toList(),
        own,
        into.object().size(),
        into.shared().size());
  }

  /**
   * The places of some columns with those first that objects and users both have, in the same order
   * for either.
   */
  static List<Integer> order(IntoPairs into, List<String> columns) {
    List<Integer> order = new ArrayList<>();
    into.shared().forEach(name -> order.add(columns.indexOf(name)));
    for (int place = 0; place < columns.size(); place++) {
      if (!order.contains(place)) {
        order.add(place);
      }
    }
    return order;
  }

  /** How many columns a row's key has. */
  int columns() {
    return objectColumns + own.size();
  }

  /** A row's key. */
  <T> List<T> of(List<T> object, List<T> userValues) {
    List<T> key = new ArrayList<>(object);
    own.forEach(place -> key.add(userValues.get(place)));
    return key;
  }

  /** The object's part of a row's key. */
  <T> List<T> object(List<T> key) {
    return key.subList(0, objectColumns);
  }

  /** The user's part of a row's key. */
  <T> List<T> user(List<T> key) {
    return user.stream().map(key::get).toList();
  }
}
