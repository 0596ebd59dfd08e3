package backfill.postgres;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Collects what preflight has to say, so that all of it is said at once; the same sentence once.
 */
final class Findings {
  private final Set<String> reasons = new LinkedHashSet<>();
  private final Set<String> warnings = new LinkedHashSet<>();

  /** Why the run cannot be. */
  void refuse(String place, String reason) {
    reasons.add(place + ": " + reason);
  }

  /** What the run may stumble over. */
  void warn(String place, String warning) {
    warnings.add(place + ": " + warning);
  }

  void throwIfRefused() {
    if (!reasons.isEmpty()) {
      throw new NotReady(List.copyOf(reasons));
    }
  }

  List<String> warnings() {
    return new ArrayList<>(warnings);
  }

  List<String> reasons() {
    return new ArrayList<>(reasons);
  }
}
