package backfill.plan;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Unmodifiable copies that keep their order, which those of {@link Map#copyOf} would lose. */
final class InOrder {
  private InOrder() {}

  static <V> Map<String, V> copy(Map<String, V> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  static Set<String> copy(Set<String> set) {
    return Collections.unmodifiableSet(new LinkedHashSet<>(set));
  }
}
