package backfill.plan;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Reads settings in layers: the defaults of {@code reference.conf}, over them the plan, over that a
 * step's block.
 */
final class SettingsParser {
  /** The key that lets a run be undone whole. */
  static final String UNDO = "undo";

  private static final String WRITERS = "writers";

  /** What {@code write.writers = auto} is short for. */
  private static final String AUTO = "auto";

  private static final long MOST_CHOSEN = 16;

  private final Map<SettingKey, OptionalLong> values = new EnumMap<>(SettingKey.class);
  private Optional<StopAfter> stopAfter;
  private boolean ledgerOn = true;
  private String ledgerSchema;
  private boolean ledgerKeys;
  private boolean undo;
  private Throttle.Asked throttle;
  private final Map<Limits.Bound, Set<String>> except = new EnumMap<>(Limits.Bound.class);
  private Optional<Node> exceptions = Optional.empty();

  /** The defaults. */
  SettingsParser() {
    Config defaults =
        ConfigFactory.parseResources(SettingsParser.class.getClassLoader(), "reference.conf")
            .getConfig("backfill");
    for (SettingKey setting : SettingKey.values()) {
      values.put(setting, setting.parse(defaults.getValue(setting.key())));
    }
    ledgerSchema = defaults.getString("ledger.schema");
    ledgerKeys = defaults.getBoolean("ledger.keys");
    undo = defaults.getBoolean(UNDO);
    throttle = new Throttle.Asked(true, defaults.getString(Throttle.PROBE_KEY), List.of());
    stopAfter = StopAfter.parse(defaults.getValue(StopAfter.KEY));
  }

  /**
   * The defaults, and what the plan says beside its steps.
   *
   * @param sql knows the plan's parameters
   */
  SettingsParser(Node plan, SqlCheck sql) {
    this();
    for (SettingKey setting : SettingKey.values()) {
      if (setting.group().isEmpty()) {
        overlay(values, setting, plan);
      }
    }
    for (String group : new String[] {"read", "flatten", "write", "verify"}) {
      plan.object(group).ifPresent(node -> overlay(values, group, node));
    }
    plan.object("limits").ifPresent(this::readLimits);
    readLedger(plan);
    readThrottle(plan, sql);
    undo = plan.switchedOn(UNDO).orElse(undo);
    if (undo) {
      needKeys(plan, UNDO, "undo = on needs");
    }
    attempt(plan, StopAfter.KEY, value -> stopAfter = StopAfter.parse(value));
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
      ledgerKeys = block.switchedOn("keys").orElse(ledgerKeys);
      overlay(values, "ledger", block);
      return;
    }
    switch (String.valueOf(given.get().unwrapped())) {
      case "on", "true" -> ledgerOn = true;
      case "off", "false" -> ledgerOn = false;
      default ->
          plan.problem(
              "ledger",
              "ledger must be on, off, or a block with schema, lease, resume-within, keys and keys-bytes, got "
                  + Node.describe(given.get()));
    }
  }

  /** {@code throttle = off}, or a block. */
  private void readThrottle(Node plan, SqlCheck sql) {
    Optional<ConfigValue> given = plan.value(Throttle.KEY);
    if (given.isEmpty()) {
      return;
    }
    if (given.get().valueType() == ConfigValueType.OBJECT) {
      Node block = plan.object(Throttle.KEY).orElseThrow();
      Optional<String> probe = block.text("probe");
      probe.ifPresent(query -> Throttle.check(block, "probe", query, sql));
      throttle =
          new Throttle.Asked(true, probe.orElse(throttle.probe()), Throttle.signals(block, sql));
      overlay(values, Throttle.KEY, block);
    } else {
      plan.switchedOn(Throttle.KEY)
          .ifPresent(on -> throttle = new Throttle.Asked(on, throttle.probe(), List.of()));
    }
  }

  private Throttle throttle() {
    Map<Throttle.Bound, Long> bounds = new EnumMap<>(Throttle.Bound.class);
    for (Throttle.Bound bound : Throttle.Bound.values()) {
      values.get(bound.setting()).ifPresent(most -> bounds.put(bound, most));
    }
    return new Throttle(
        throttle,
        bounds,
        Throttle.Autovacuum.values()[count(values, SettingKey.AUTOVACUUM)],
        duration(values, SettingKey.SIGNAL_TIMEOUT));
  }

  Settings settings() {
    return new Settings(
        new Settings.General(
            duration(values, SettingKey.CONNECT_TIMEOUT),
            duration(values, SettingKey.LOCK_TIMEOUT),
            duration(values, SettingKey.PROGRESS_EVERY),
            undo,
            stopAfter,
            Settings.Approve.values()[count(values, SettingKey.APPROVE)],
            duration(values, SettingKey.APPROVE_WITHIN),
            onRevoked()),
        new Settings.Read(
            count(values, SettingKey.READERS),
            count(values, SettingKey.FETCH_ROWS),
            count(values, SettingKey.KEYS_PER_QUERY),
            duration(values, SettingKey.REPLICA_WAIT_FOR),
            duration(values, SettingKey.SNAPSHOT_MAX_AGE)),
        new Settings.Flatten(
            number(values, SettingKey.BROADCAST_BYTES),
            number(values, SettingKey.DICTIONARY_BYTES),
            number(values, SettingKey.NESTED_BYTES)),
        write(values),
        throttle(),
        new Settings.Verification(duration(values, SettingKey.WAIT_FOR)),
        new Settings.Ledger(
            ledgerOn,
            ledgerSchema,
            duration(values, SettingKey.LEASE),
            duration(values, SettingKey.RESUME_WITHIN),
            ledgerKeys,
            number(values, SettingKey.KEYS_BYTES)));
  }

  private Settings.OnRevoked onRevoked() {
    return Settings.OnRevoked.values()[count(values, SettingKey.ON_REVOKED)];
  }

  /** What may take rows away without being a step. */
  void checkOnRevoked(Node plan, boolean mayDelete) {
    String key = SettingKey.ON_REVOKED.key();
    if (onRevoked() == Settings.OnRevoked.REPORT) {
      return;
    }
    if (!mayDelete) {
      plan.problem(
          key,
          "is remove, which takes rows away, and the plan does not allow that; add allow-delete = true");
    }
    needKeys(plan, key, "is remove, which needs");
  }

  private void needKeys(Node plan, String key, String needs) {
    if (!ledgerOn || !ledgerKeys) {
      plan.problem(
          key,
          needs
              + " the keys that the ledger keeps; leave out ledger"
              + (ledgerOn ? ".keys" : "")
              + " = off");
    }
  }

  Limits limits() {
    Map<Limits.Bound, Long> bounds = new EnumMap<>(Limits.Bound.class);
    for (Limits.Bound bound : Limits.Bound.values()) {
      values.get(bound.setting()).ifPresent(most -> bounds.put(bound, most));
    }
    return new Limits(
        number(values, SettingKey.REJECTED_ROWS),
        count(values, SettingKey.DRIFT_PERCENT),
        bounds,
        except);
  }

  /** With {@code except { bound = [what it does not hold for] }}. */
  private void readLimits(Node limits) {
    exceptions = limits.object("except");
    exceptions.ifPresent(
        block ->
            block
                .keys()
                .forEach(
                    key ->
                        Limits.Bound.of(key)
                            .ifPresentOrElse(
                                bound -> except.put(bound, new LinkedHashSet<>(block.keysOf(key))),
                                () ->
                                    block.problem(
                                        key,
                                        "is not a limit that a step, a user or an object can be excepted from"
                                            + Nearest.hint(key, Limits.Bound.keys())))));
    overlay(values, "limits", limits);
  }

  /** Only where users or objects are bounded, what is excepted is not a step. */
  void refuseExceptionsBut(Collection<String> steps) {
    except.forEach(
        (bound, names) ->
            names.stream()
                .filter(name -> !bound.ofKeys() && !steps.contains(name))
                .forEach(
                    name ->
                        exceptions
                            .orElseThrow()
                            .problem(
                                bound.key(),
                                "names "
                                    + name
                                    + ", which is not a step"
                                    + Nearest.hint(name, steps))));
  }

  /** How this step writes: the plan's {@code write}, and over it the step's own. */
  Settings.Write write(Node step) {
    Map<SettingKey, OptionalLong> own = new EnumMap<>(values);
    step.object("write").ifPresent(node -> overlay(own, "write", node));
    return write(own);
  }

  private static void overlay(Map<SettingKey, OptionalLong> values, String group, Node node) {
    for (SettingKey setting : SettingKey.values()) {
      if (setting.group().equals(Optional.of(group)) && !isOfWriters(setting)) {
        overlay(values, setting, node);
      }
    }
    if (group.equals("write")) {
      overlayWriters(values, node);
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
  private static void overlayWriters(Map<SettingKey, OptionalLong> values, Node write) {
    Optional<ConfigValue> given = write.value(WRITERS);
    if (given.isEmpty()) {
      return;
    }
    if (given.get().valueType() == ConfigValueType.OBJECT) {
      Node block = write.object(WRITERS).orElseThrow();
      attempt(block, "min", value -> put(values, SettingKey.LEAST_WRITERS, value));
      attempt(
          block,
          "max",
          value -> {
            put(values, SettingKey.WRITERS, value);
            values.put(SettingKey.AUTO_WRITERS, OptionalLong.empty());
          });
      attempt(block, "auto", value -> put(values, SettingKey.AUTO_WRITERS, value));
      block.done();
      if (number(values, SettingKey.LEAST_WRITERS) > number(values, SettingKey.WRITERS)) {
        write.problem(
            WRITERS,
            "has a min of %d, and a max of %d; min must be at most max"
                .formatted(
                    number(values, SettingKey.LEAST_WRITERS), number(values, SettingKey.WRITERS)));
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
              OptionalLong.of(
                  Math.min(most.getAsLong(), number(values, SettingKey.LEAST_WRITERS))));
        });
  }

  private static void put(
      Map<SettingKey, OptionalLong> values, SettingKey setting, ConfigValue value) {
    values.put(setting, setting.parse(value));
  }

  private static void overlay(Map<SettingKey, OptionalLong> values, SettingKey setting, Node node) {
    attempt(node, setting.leaf(), value -> put(values, setting, value));
  }

  /** A value that is refused is a problem, and what was there before stays. */
  private static void attempt(Node node, String key, Consumer<ConfigValue> take) {
    Optional<ConfigValue> value = node.value(key);
    if (value.isPresent()) {
      try {
        take.accept(value.get());
      } catch (IllegalArgumentException e) {
        node.problems().at(value.get().origin(), e.getMessage());
      }
    }
  }

  private static Settings.Writers writers(Map<SettingKey, OptionalLong> values) {
    OptionalLong auto = values.get(SettingKey.AUTO_WRITERS);
    int max = auto.isPresent() ? Settings.Writers.LEAST_CHOSEN : count(values, SettingKey.WRITERS);
    return new Settings.Writers(
        Math.min(max, count(values, SettingKey.LEAST_WRITERS)),
        max,
        auto.isPresent() ? OptionalInt.of((int) auto.getAsLong()) : OptionalInt.empty());
  }

  private static Settings.Write write(Map<SettingKey, OptionalLong> values) {
    return new Settings.Write(
        writers(values),
        count(values, SettingKey.ROWS_PER_BATCH),
        number(values, SettingKey.BATCH_BYTES),
        Settings.Protocol.values()[count(values, SettingKey.PROTOCOL)],
        duration(values, SettingKey.STATEMENT_TIMEOUT),
        duration(values, SettingKey.RETRY_FOR),
        Settings.Analyze.values()[count(values, SettingKey.ANALYZE)]);
  }

  private static long number(Map<SettingKey, OptionalLong> values, SettingKey setting) {
    return values.get(setting).orElseThrow();
  }

  private static int count(Map<SettingKey, OptionalLong> values, SettingKey setting) {
    return Math.toIntExact(number(values, setting));
  }

  private static Duration duration(Map<SettingKey, OptionalLong> values, SettingKey setting) {
    return Duration.ofMillis(number(values, setting));
  }
}
