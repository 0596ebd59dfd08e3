package backfill.plan;

import com.typesafe.config.ConfigOrigin;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The mistakes found so far in one plan file, so that all of them are reported at once. */
final class FoundProblems {
  private final String location;
  private final List<InvalidPlanException.Problem> found = new ArrayList<>();

  FoundProblems(String location) {
    this.location = location;
  }

  void at(int line, String message) {
    found.add(new InvalidPlanException.Problem(location, line, message));
  }

  /** At the place a value came from: a line of the file, {@code --set}, or a variable's name. */
  void at(ConfigOrigin origin, String message) {
    if (origin.lineNumber() > 0) {
      at(origin.lineNumber(), message);
    } else {
      at(origin.description().replaceFirst("^env .*", "environment"), message);
    }
  }

  /** Outside the file. */
  void at(String place, String message) {
    found.add(new InvalidPlanException.Problem(place, 0, message));
  }

  int size() {
    return found.size();
  }

  /** In the file's order; what has no line comes last. */
  void throwIfAny() {
    if (!found.isEmpty()) {
      found.sort(
          Comparator.comparingInt(
              problem -> problem.line() > 0 ? problem.line() : Integer.MAX_VALUE));
      throw new InvalidPlanException(found);
    }
  }
}
