package backfill.plan;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Reads settings in layers: the defaults of {@code reference.conf}, over them the plan, over that a
 * step's block.
 */
final class SettingsReader {
  private final Map<Setting, Long> values = new EnumMap<>(Setting.class);
  private boolean ledgerOn = true;
  private String ledgerSchema;

  /** The defaults, and what the plan says beside its steps. */
  SettingsReader(Node plan) {
    Config defaults =
        ConfigFactory.parseResources(SettingsReader.class.getClassLoader(), "reference.conf")
            .getConfig("backfill");
    for (Setting setting : Setting.values()) {
      values.put(setting, setting.parse(defaults.getValue(setting.key())));
      if (setting.group().isEmpty()) {
        overlay(values, setting, plan);
      }
    }
    for (String group : new String[] {"read", "flatten", "write", "verify"}) {
      plan.object(group).ifPresent(node -> overlay(values, group, node));
    }
    ledgerSchema = defaults.getString("ledger.schema");
    readLedger(plan);
  }

  /** {@code ledger = off}, or a block. */
  private void readLedger(Node plan) {
    Optional<ConfigValue> given = plan.value("ledger");
    if (given.isEmpty()) {
      return;
    }
    if (given.get().valueType() == ConfigValueType.OBJECT) {
      Node block = plan.object("ledger").orElseThrow();
      ledgerSchema = block.text("schema").orElse(ledgerSchema);
      overlay(values, "ledger", block);
      return;
    }
    switch (String.valueOf(given.get().unwrapped())) {
      case "on", "true" -> ledgerOn = true;
      case "off", "false" -> ledgerOn = false;
      default ->
          plan.problem(
              "ledger",
              "ledger must be on, off, or a block with schema and lease, got "
                  + Node.describe(given.get()));
    }
  }

  Settings settings() {
    return new Settings(
        duration(values, Setting.CONNECT_TIMEOUT),
        duration(values, Setting.LOCK_TIMEOUT),
        duration(values, Setting.PROGRESS_EVERY),
        new Settings.Read(count(values, Setting.READERS), count(values, Setting.FETCH_ROWS)),
        new Settings.Flatten(values.get(Setting.BROADCAST_BYTES)),
        write(values),
        new Settings.Verify(duration(values, Setting.WAIT_FOR)),
        new Settings.Ledger(ledgerOn, ledgerSchema, duration(values, Setting.LEASE)));
  }

  /** How this step writes: the plan's {@code write}, and over it the step's own. */
  Settings.Write write(Node step) {
    Map<Setting, Long> own = new EnumMap<>(values);
    step.object("write").ifPresent(node -> overlay(own, "write", node));
    return write(own);
  }

  private static void overlay(Map<Setting, Long> values, String group, Node node) {
    for (Setting setting : Setting.values()) {
      if (setting.group().equals(Optional.of(group))) {
        overlay(values, setting, node);
      }
    }
    node.done();
  }

  private static void overlay(Map<Setting, Long> values, Setting setting, Node node) {
    Optional<ConfigValue> value = node.value(setting.leaf());
    if (value.isPresent()) {
      try {
        values.put(setting, setting.parse(value.get()));
      } catch (IllegalArgumentException e) {
        node.problems().at(value.get().origin(), e.getMessage());
      }
    }
  }

  private static Settings.Write write(Map<Setting, Long> values) {
    return new Settings.Write(
        count(values, Setting.WRITERS),
        count(values, Setting.ROWS_PER_BATCH),
        duration(values, Setting.STATEMENT_TIMEOUT),
        duration(values, Setting.RETRY_FOR));
  }

  private static int count(Map<Setting, Long> values, Setting setting) {
    return Math.toIntExact(values.get(setting));
  }

  private static Duration duration(Map<Setting, Long> values, Setting setting) {
    return Duration.ofMillis(values.get(setting));
  }
}
