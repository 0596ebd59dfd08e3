package backfill.plan;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A plan, a setting or the environment is wrong (exit 2): every problem at once, nothing was
 * touched.
 */
public final class InvalidPlanException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // records of strings and numbers; never sent anywhere
  private final List<Problem> problems;

  /** At least one problem. */
  public InvalidPlanException(List<Problem> problems) {
    super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  /** One problem, which is on no line. */
  public InvalidPlanException(String place, String message) {
    this(List.of(new Problem(place, 0, message)));
  }

  /** In the order in which a reader of the file meets them. */
  public List<Problem> problems() {
    return problems;
  }

  /**
   * One mistake.
   *
   * @param place the file, or {@code --set} or the environment variable
   * @param line from 1; 0 where there is no line
   */
  public record Problem(String place, int line, String message) {
    @Override
    public String toString() {
      return (line > 0 ? place + ":" + line : place) + ": " + message;
    }
  }
}
