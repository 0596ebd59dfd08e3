package backfill.plan;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** The value of each setting: a default, or what the last block that lies over it says. */
final class SettingValues {
  private static final String WRITERS = "writers";

  /** What {@code write.writers = auto} is short for. */
  private static final String AUTO = "auto";

  private static final long MOST_CHOSEN = 16;

  private final Map<SettingKey, OptionalLong> values;

  SettingValues(Config defaults) {
    values = new EnumMap<>(SettingKey.class);
    for (SettingKey setting : SettingKey.values()) {
      values.put(setting, setting.parse(defaults.getValue(setting.key())));
    }
  }

  /** The same values, over which something else can lie. */
  SettingValues(SettingValues others) {
    values = new EnumMap<>(others.values);
  }

  /** Empty for the {@code none} of a limit. */
  OptionalLong get(SettingKey setting) {
    return values.get(setting);
  }

  /** The settings that stand beside the groups. */
  void overlay(Node plan) {
    for (SettingKey setting : SettingKey.values()) {
      if (setting.group().isEmpty()) {
        overlay(setting, plan);
      }
    }
  }

  /** The settings of a group, and no others. */
  void overlay(String group, Node node) {
    for (SettingKey setting : SettingKey.values()) {
      if (setting.group().equals(Optional.of(group)) && !isOfWriters(setting)) {
        overlay(setting, node);
      }
    }
    if (group.equals("write")) {
      overlayWriters(node);
    }
    node.done();
  }

  private static boolean isOfWriters(SettingKey setting) {
    return setting == SettingKey.WRITERS
        || setting == SettingKey.LEAST_WRITERS
        || setting == SettingKey.AUTO_WRITERS;
  }

  /**
   * {@code writers = 4} is the most of them, {@code auto} leaves it to the server; a block says the
   * least, too. A number that lies over {@code auto} ends it.
   */
  private void overlayWriters(Node write) {
    Optional<ConfigValue> given = write.value(WRITERS);
    if (given.isEmpty()) {
      return;
    }
    if (given.get().valueType() == ConfigValueType.OBJECT) {
      Node block = write.object(WRITERS).orElseThrow();
      attempt(block, "min", value -> put(SettingKey.LEAST_WRITERS, value));
      attempt(
          block,
          "max",
          value -> {
            put(SettingKey.WRITERS, value);
            values.put(SettingKey.AUTO_WRITERS, OptionalLong.empty());
          });
      attempt(block, "auto", value -> put(SettingKey.AUTO_WRITERS, value));
      block.done();
      if (number(SettingKey.LEAST_WRITERS) > number(SettingKey.WRITERS)) {
        write.problem(
            WRITERS,
            "has a min of %d, and a max of %d; min must be at most max"
                .formatted(number(SettingKey.LEAST_WRITERS), number(SettingKey.WRITERS)));
        values.put(SettingKey.LEAST_WRITERS, values.get(SettingKey.WRITERS));
      }
      return;
    }
    attempt(
        write,
        WRITERS,
        value -> {
          if (AUTO.equals(value.unwrapped())) {
            values.put(SettingKey.AUTO_WRITERS, OptionalLong.of(MOST_CHOSEN));
            return;
          }
          OptionalLong most = SettingKey.WRITERS.parse(value, "write." + WRITERS);
          values.put(SettingKey.AUTO_WRITERS, OptionalLong.empty());
          values.put(SettingKey.WRITERS, most);
          values.put(
              SettingKey.LEAST_WRITERS,
              OptionalLong.of(Math.min(most.getAsLong(), number(SettingKey.LEAST_WRITERS))));
        });
  }

  private void put(SettingKey setting, ConfigValue value) {
    values.put(setting, setting.parse(value));
  }

  private void overlay(SettingKey setting, Node node) {
    attempt(node, setting.leaf(), value -> put(setting, value));
  }

  /** A value that is refused is a problem, and what was there before stays. */
  static void attempt(Node node, String key, Consumer<ConfigValue> take) {
    Optional<ConfigValue> value = node.value(key);
    if (value.isPresent()) {
      try {
        take.accept(value.get());
      } catch (IllegalArgumentException e) {
        node.problems().at(value.get().origin(), e.getMessage());
      }
    }
  }

  private Settings.Writers writers() {
    OptionalLong auto = values.get(SettingKey.AUTO_WRITERS);
    int max = auto.isPresent() ? Settings.Writers.LEAST_CHOSEN : count(SettingKey.WRITERS);
    return new Settings.Writers(
        Math.min(max, count(SettingKey.LEAST_WRITERS)),
        max,
        auto.isPresent() ? OptionalInt.of((int) auto.getAsLong()) : OptionalInt.empty());
  }

  Settings.Write write() {
    return new Settings.Write(
        writers(),
        count(SettingKey.ROWS_PER_BATCH),
        number(SettingKey.BATCH_BYTES),
        Settings.Protocol.values()[count(SettingKey.PROTOCOL)],
        duration(SettingKey.STATEMENT_TIMEOUT),
        duration(SettingKey.RETRY_FOR),
        Settings.Analyze.values()[count(SettingKey.ANALYZE)]);
  }

  long number(SettingKey setting) {
    return values.get(setting).orElseThrow();
  }

  int count(SettingKey setting) {
    return Math.toIntExact(number(setting));
  }

  Duration duration(SettingKey setting) {
    return Duration.ofMillis(number(setting));
  }
}
