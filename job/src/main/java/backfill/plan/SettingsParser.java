package backfill.plan;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads settings in layers: the defaults of {@code reference.conf}, over them the plan, over that a
 * step's block.
 */
final class SettingsParser {
  /** The key that lets a run be undone whole. */
  static final String UNDO = "undo";

  private final SettingValues values;
  private Optional<StopAfter> stopAfter;
  private boolean ledgerOn = true;
  private String ledgerSchema;
  private boolean ledgerKeys;
  private boolean undo;
  private Throttle.Asked throttle;
  private Map<Hooks.Occasion, Hooks.Called> hooks = Map.of();
  private Optional<Endpoint> push;
  private Optional<Endpoint> otlp;
  private final Map<Limits.Bound, Set<String>> except = new EnumMap<>(Limits.Bound.class);
  private Optional<Node> exceptions = Optional.empty();

  /** The defaults. */
  SettingsParser() {
    Config defaults =
        ConfigFactory.parseResources(SettingsParser.class.getClassLoader(), "reference.conf")
            .getConfig("backfill");
    values = new SettingValues(defaults);
    ledgerSchema = defaults.getString("ledger.schema");
    ledgerKeys = defaults.getBoolean("ledger.keys");
    undo = defaults.getBoolean(UNDO);
    throttle = new Throttle.Asked(true, defaults.getString(Throttle.PROBE_KEY), List.of());
    stopAfter = StopAfter.parse(defaults.getValue(StopAfter.KEY));
    push = Endpoint.parse(Settings.Metrics.PUSH, defaults.getValue(Settings.Metrics.PUSH));
    otlp = Endpoint.parse(Settings.Metrics.OTLP, defaults.getValue(Settings.Metrics.OTLP));
  }

  /**
   * The defaults, and what the plan says beside its steps.
   *
   * @param sql knows the plan's parameters
   */
  SettingsParser(Node plan, SqlCheck sql) {
    this();
    values.overlay(plan);
    for (String group : new String[] {"read", "flatten", "write", "verify"}) {
      plan.object(group).ifPresent(node -> values.overlay(group, node));
    }
    plan.object("limits").ifPresent(this::readLimits);
    readLedger(plan);
    readThrottle(plan, sql);
    plan.object(Hooks.KEY).ifPresent(this::readHooks);
    plan.object(Settings.Metrics.GROUP).ifPresent(this::readMetrics);
    undo = plan.switchedOn(UNDO).orElse(undo);
    if (undo) {
      needKeys(plan, UNDO, "undo = on needs");
    }
    SettingValues.attempt(plan, StopAfter.KEY, value -> stopAfter = StopAfter.parse(value));
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
      values.overlay("ledger", block);
      return;
    }
    switch (String.valueOf(given.get().unwrapped())) {
      case "on", "true" -> ledgerOn = true;
      case "off", "false" -> ledgerOn = false;
      default ->
          plan.problem(
              "ledger",
              "ledger must be on, off, or a block with schema, lease, resume-within, keep-runs, keys and keys-bytes, got "
                  + Node.describe(given.get()));
    }
  }

  private void readMetrics(Node block) {
    SettingValues.attempt(
        block, "push", value -> push = Endpoint.parse(Settings.Metrics.PUSH, value));
    SettingValues.attempt(
        block, "otlp", value -> otlp = Endpoint.parse(Settings.Metrics.OTLP, value));
    block.done();
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
      values.overlay(Throttle.KEY, block);
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
        Throttle.Autovacuum.values()[values.count(SettingKey.AUTOVACUUM)],
        values.duration(SettingKey.SIGNAL_TIMEOUT));
  }

  Settings settings() {
    return new Settings(
        new Settings.General(
            values.duration(SettingKey.CONNECT_TIMEOUT),
            values.duration(SettingKey.LOCK_TIMEOUT),
            values.duration(SettingKey.PROGRESS_EVERY),
            undo,
            stopAfter,
            Settings.Approve.values()[values.count(SettingKey.APPROVE)],
            values.duration(SettingKey.APPROVE_WITHIN),
            onRevoked()),
        new Settings.Read(
            values.count(SettingKey.READERS),
            values.count(SettingKey.FETCH_ROWS),
            values.count(SettingKey.KEYS_PER_QUERY),
            values.duration(SettingKey.REPLICA_WAIT_FOR),
            values.duration(SettingKey.SNAPSHOT_MAX_AGE)),
        new Settings.Flatten(
            values.number(SettingKey.BROADCAST_BYTES),
            values.number(SettingKey.DICTIONARY_BYTES),
            values.number(SettingKey.NESTED_BYTES)),
        values.write(),
        throttle(),
        new Settings.Verification(values.duration(SettingKey.WAIT_FOR)),
        new Settings.Ledger(
            ledgerOn,
            ledgerSchema,
            values.duration(SettingKey.LEASE),
            values.duration(SettingKey.RESUME_WITHIN),
            values.count(SettingKey.KEEP_RUNS),
            ledgerKeys,
            values.number(SettingKey.KEYS_BYTES)),
        new Settings.Outside(
            new Hooks(hooks, values.duration(SettingKey.HOOK_TIME_LIMIT)),
            new Settings.Metrics(push, otlp)));
  }

  private void readHooks(Node block) {
    hooks = Hooks.parse(block);
    values.overlay(Hooks.KEY, block);
  }

  private Settings.OnRevoked onRevoked() {
    return Settings.OnRevoked.values()[values.count(SettingKey.ON_REVOKED)];
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
        values.number(SettingKey.REJECTED_ROWS),
        values.count(SettingKey.DRIFT_PERCENT),
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
    values.overlay("limits", limits);
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
    SettingValues own = new SettingValues(values);
    step.object("write").ifPresent(node -> own.overlay("write", node));
    return own.write();
  }
}
