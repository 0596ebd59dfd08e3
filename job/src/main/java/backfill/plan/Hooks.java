package backfill.plan;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The commands that a run calls, and when. What they do is theirs; that one may keep a run from
 * writing makes them a part of the plan's hash.
 *
 * @param calls what is called when; an occasion that is not there calls nothing
 * @param timeLimit how long one may take
 */
public record Hooks(Map<Occasion, Called> calls, Duration timeLimit) {
  /** The key of their block. */
  public static final String KEY = "hooks";

  /** When a run calls one. */
  public enum Occasion {
    /** Once, before the first row is written; it may keep the run from writing. */
    BEFORE_WRITE("before-write"),
    /** Once a step is written. */
    AFTER_STEP("after-step"),
    /** Once a run is refused. */
    ON_REFUSAL("on-refusal"),
    /** Once a run is over, however it ended. */
    ON_END("on-end");

    private final String key;

    Occasion(String key) {
      this.key = key;
    }

    /** As a plan writes it, within its block. */
    public String key() {
      return key;
    }

    /** With its block. */
    public String path() {
      return KEY + "." + key;
    }
  }

  /**
   * What is called.
   *
   * @param words the program, and each of its arguments; none is looked into
   * @param byShell whether it is a text that a shell takes apart
   */
  public record Called(List<String> words, boolean byShell) {
    private static final String SHELL = "/bin/sh";

    public Called {
      words = List.copyOf(words);
    }

    static Called text(String text) {
      return new Called(List.of(SHELL, "-c", text), true);
    }

    /** What is started. */
    public String program() {
      return words.get(0);
    }
  }

  public Hooks {
    SettingKey.HOOK_TIME_LIMIT.require(timeLimit);
    calls = Map.copyOf(calls);
  }

  public Optional<Called> on(Occasion occasion) {
    return Optional.ofNullable(calls.get(occasion));
  }

  /** When something is called, in the order of a run. */
  public List<String> occasions() {
    return Stream.of(Occasion.values()).filter(calls::containsKey).map(Occasion::key).toList();
  }

  /** With their block, as {@code --set} has them. */
  static List<String> paths() {
    return Stream.of(Occasion.values()).map(Occasion::path).toList();
  }

  /** The block without its time limit, which is asked for elsewhere. */
  static Map<Occasion, Called> parse(Node block) {
    Map<Occasion, Called> calls = new EnumMap<>(Occasion.class);
    for (Occasion occasion : Occasion.values()) {
      block
          .value(occasion.key())
          .flatMap(value -> called(block, occasion.key(), value))
          .ifPresent(called -> calls.put(occasion, called));
    }
    return calls;
  }

  private static Optional<Called> called(Node block, String key, ConfigValue value) {
    if (value instanceof ConfigList list) {
      return words(block, key, list).map(words -> new Called(words, false));
    }
    if (value.unwrapped() instanceof String text && !text.isBlank() && isTaken(text)) {
      return Optional.of(Called.text(text));
    }
    block.problem(
        key,
        "must be a program with its arguments, as in [/opt/notify, run], or a text for "
            + Called.SHELL
            + " -c, got "
            + Node.describe(value));
    return Optional.empty();
  }

  private static Optional<List<String>> words(Node block, String key, ConfigList list) {
    List<String> words = new ArrayList<>();
    for (ConfigValue element : list) {
      if (!(element.unwrapped() instanceof String word) || !isTaken(word)) {
        block.problem(key, "must hold words, each in quotes, got " + Node.describe(element));
        return Optional.empty();
      }
      words.add(word);
    }
    if (words.isEmpty() || words.get(0).isBlank()) {
      block.problem(key, "must begin with a program, as in [/opt/notify, run]");
      return Optional.empty();
    }
    return Optional.of(words);
  }

  /** No system takes a NUL in a word. */
  private static boolean isTaken(String word) {
    return word.indexOf('\0') < 0;
  }
}
