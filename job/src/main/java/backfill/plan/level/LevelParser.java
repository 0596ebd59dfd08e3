package backfill.plan.level;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads the levels of one step of pairs, and refuses a way that has none. */
public final class LevelParser {
  private static final Pattern WHOLE = Pattern.compile("-?\\d{1,18}");
  private static final Pattern QUOTED = Pattern.compile("'(?:[^']|'')*'", Pattern.DOTALL);

  private final Block step;
  private final boolean wanted;
  private final LevelOrder levels;
  private final List<Block> throughWithout = new ArrayList<>();
  private final List<Block> membersWithout = new ArrayList<>();

  /** A block of the plan's file. */
  public interface Block {
    /** Whose it is, for messages. */
    String owner();

    Optional<ConfigValue> value(String key);

    /** At the block's line. */
    void problem(String message);

    /** At the key's line; the message goes on after the key's name. */
    void problem(String key, String message);
  }

  /**
   * @param wanted whether the step's target has a column for levels
   */
  public LevelParser(Block step, boolean wanted) {
    this.step = step;
    this.wanted = wanted;
    this.levels = levels();
  }

  /** Those that the step knows. */
  public LevelOrder known() {
    return levels;
  }

  private LevelOrder levels() {
    Optional<ConfigValue> given = step.value("levels");
    if (given.isEmpty()) {
      return LevelOrder.OF_SOURCES;
    }
    if (!wanted) {
      step.problem("levels", "needs into.level, the target's column that takes them");
    }
    if (given.get().valueType() != ConfigValueType.LIST) {
      step.problem(
          "levels",
          "must be a list in ascending order, as in [read, write, admin], got "
              + described(given.get()));
      return LevelOrder.OF_SOURCES;
    }
    ConfigList list = (ConfigList) given.get();
    List<String> all = new ArrayList<>();
    boolean numbers = list.stream().allMatch(value -> value.valueType() == ConfigValueType.NUMBER);
    boolean texts = list.stream().allMatch(value -> value.valueType() == ConfigValueType.STRING);
    if (list.isEmpty() || list.size() > LevelOrder.MOST) {
      step.problem("levels", "must have 1 to " + LevelOrder.MOST + " levels, got " + list.size());
    } else if (!numbers && !texts) {
      step.problem("levels", "must be numbers alone or texts alone");
    }
    for (ConfigValue value : list) {
      String level = String.valueOf(value.unwrapped());
      if (numbers && whole(level).isEmpty()) {
        step.problem("levels", "must hold whole numbers, got " + level);
      } else if (all.contains(numbers ? whole(level).orElse(level) : level)) {
        step.problem("levels", "has " + level + " twice");
      } else if (numbers
          && !all.isEmpty()
          && Long.parseLong(all.get(all.size() - 1)) > Long.parseLong(whole(level).orElseThrow())) {
        step.problem("levels", "must ascend, got " + level + " behind " + all.get(all.size() - 1));
      } else {
        all.add(numbers ? whole(level).orElseThrow() : level);
      }
    }
    return new LevelOrder(all, numbers);
  }

  private static String described(ConfigValue value) {
    return switch (value.valueType()) {
      case OBJECT -> "a block in braces";
      case LIST -> "a list";
      case STRING -> "the text \"" + value.unwrapped() + "\"";
      default -> String.valueOf(value.unwrapped());
    };
  }

  private static Optional<String> whole(String number) {
    return Optional.of(number)
        .filter(text -> WHOLE.matcher(text).matches())
        .map(text -> new BigDecimal(text).toBigIntegerExact().toString());
  }

  /** That of a direct grant, which must have one. */
  public Optional<LevelOrder.OfSource> direct(Block grant) {
    Optional<LevelOrder.OfSource> level = of(grant);
    if (level.isEmpty() && lacksOne(grant)) {
      grant.problem(
          "direct of %s grants something without a level, and into.level wants one; give it level, a column or a constant"
              .formatted(step.owner()));
    }
    return level;
  }

  /** That of a grant to a group. */
  public Optional<LevelOrder.OfSource> through(Block grant) {
    Optional<LevelOrder.OfSource> level = of(grant);
    if (level.isEmpty() && lacksOne(grant)) {
      throughWithout.add(grant);
    }
    return level;
  }

  /** That of a membership. */
  public Optional<LevelOrder.OfSource> member(Block member) {
    Optional<LevelOrder.OfSource> level = of(member);
    if (level.isEmpty() && lacksOne(member)) {
      membersWithout.add(member);
    }
    return level;
  }

  /** The highest that what is nested passes on; empty for any. */
  public Optional<LevelOrder.OfSource> edge(Block edges) {
    return of(edges);
  }

  private boolean lacksOne(Block of) {
    return wanted && of.value("level").isEmpty();
  }

  /** A user may be in a granted group itself: then no edge is on the way. */
  public void refuseWaysWithout() {
    for (Block grant : throughWithout) {
      if (!membersWithout.isEmpty()) {
        grant.problem(
            "through from %s and members from %s of %s both have no level, and into.level wants one; give one of them level, a column or a constant"
                .formatted(from(grant), from(membersWithout.get(0)), step.owner()));
      }
    }
  }

  private static String from(Block node) {
    return node.value("from").map(value -> String.valueOf(value.unwrapped())).orElse("?");
  }

  private Optional<LevelOrder.OfSource> of(Block node) {
    Optional<ConfigValue> given = node.value("level");
    if (given.isEmpty()) {
      return Optional.empty();
    }
    if (!wanted) {
      node.problem("level", "needs into.level, the target's column that takes it");
      return Optional.empty();
    }
    String value = String.valueOf(given.get().unwrapped());
    if (given.get().valueType() == ConfigValueType.NUMBER) {
      return whole(value)
          .or(
              () -> {
                node.problem("level", "must be a whole number or a column's name, got " + value);
                return Optional.empty();
              })
          .flatMap(number -> constant(node, number, true, false));
    } else if (given.get().valueType() != ConfigValueType.STRING || value.isBlank()) {
      node.problem("level", "must be a column's name or a level, got " + described(given.get()));
      return Optional.empty();
    } else if (QUOTED.matcher(value).matches()) {
      return constant(
          node, value.substring(1, value.length() - 1).replace("''", "'"), false, false);
    } else if (!levels.numbers() && levels.ascending().contains(value)) {
      return constant(node, value, false, true);
    } else if (WHOLE.matcher(value).matches()) {
      return constant(node, whole(value).orElseThrow(), true, false);
    }
    return Optional.of(new LevelOrder.OfSource(value, null, false));
  }

  private Optional<LevelOrder.OfSource> constant(
      Block node, String level, boolean number, boolean bare) {
    if (number != levels.numbers()) {
      node.problem(
          "level",
          number
              ? "is the number %s, and levels has texts; name one of them, or a column"
                  .formatted(level)
              : "is the text '%s', and the levels are numbers; name one, or list the texts in levels, the lowest first"
                  .formatted(level));
      return Optional.empty();
    }
    if (!levels.ascending().isEmpty() && !levels.ascending().contains(level)) {
      node.problem(
          "level",
          "is %s, which is not among levels; these are %s"
              .formatted(level, String.join(", ", levels.ascending())));
      return Optional.empty();
    }
    return Optional.of(new LevelOrder.OfSource(null, level, bare));
  }
}
