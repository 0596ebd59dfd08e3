package backfill.plan;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A plan, a setting or the environment is wrong (exit 2): every problem at once, nothing was
 * touched.
 */
public final class InvalidPlanException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A message is for people, and a value in it may be a whole file. */
  private static final int LONGEST = 1_000;

  /** Of these, what a message ends with: what to do. */
  private static final int ENDING = 300;

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
    /** What is wrong is said on one line, and ends, whatever value it names. */
    public Problem {
      place = shown(place);
      message = shown(message);
    }

    @Override
    public String toString() {
      return (line > 0 ? place + ":" + line : place) + ": " + message;
    }
  }

  /**
   * A text in which a reader sees every character: those that steer a terminal, turn the direction
   * of reading or stand for nothing are escaped; and one without end loses its middle.
   */
  public static String shown(String text) {
    return shown(text, LONGEST);
  }

  /** The same, of a text that may be longer or must be shorter. */
  public static String shown(String text, int longest) {
    if (text.length() > longest) {
      return shown(text.substring(0, longest - ENDING), longest)
          + " … (%,d characters) … ".formatted(text.length() - longest)
          + shown(text.substring(text.length() - ENDING), longest);
    }
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .forEach(
            each -> {
              if (isSeen(each)) {
                shown.appendCodePoint(each);
              } else {
                shown.append("\\u%04x".formatted(each));
              }
            });
    return shown.toString();
  }

  private static boolean isSeen(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
