package backfill.plan;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * The guards: how much a run may do before it is refused. Each bound holds for each step on its
 * own; one that is not there guards nothing.
 *
 * @param rejectedRows rows that may be rejected before the run stops
 * @param driftPercent how many more rows a step may add or set than were approved, in percent of
 *     these; the only one that is not part of a plan's hash, so that a run may be given another one
 *     than the dry run was that approves it
 * @param bounds what a step may do
 * @param except what a bound does not hold for: names of steps, or keys of users or objects
 */
public record Limits(
    long rejectedRows, int driftPercent, Map<Bound, Long> bounds, Map<Bound, Set<String>> except) {

  /** What a step is bounded in. */
  public enum Bound {
    /** Rows that a step may add. */
    ROWS_INSERTED(SettingKey.ROWS_INSERTED),
    /** Rows that a step may set. */
    ROWS_SET(SettingKey.ROWS_SET),
    /** What the rows it adds may be of those that the target has already, in percent. */
    GROWTH_PERCENT(SettingKey.GROWTH_PERCENT),
    /** Rows that the sources may give a user who gains one. */
    PAIRS_FOR_ONE_USER(SettingKey.PAIRS_FOR_ONE_USER),
    /** Rows that the sources may give an object that gains one. */
    USERS_OF_ONE_OBJECT(SettingKey.USERS_OF_ONE_OBJECT),
    /** Rows that a step may delete. */
    ROWS_DELETED(SettingKey.ROWS_DELETED),
    /** What the rows that it deletes for want of a reason may be of the step's, in percent. */
    SURPLUS_PERCENT(SettingKey.SURPLUS_PERCENT);

    private final SettingKey setting;

    Bound(SettingKey setting) {
      this.setting = setting;
    }

    /** As a plan writes it, within its group. */
    public String key() {
      return setting.leaf();
    }

    SettingKey setting() {
      return setting;
    }

    /** Whether exceptions to it are users or objects, and not steps. */
    boolean ofKeys() {
      return this == PAIRS_FOR_ONE_USER || this == USERS_OF_ONE_OBJECT;
    }

    static List<String> keys() {
      return Arrays.stream(values()).map(Bound::key).toList();
    }

    static Optional<Bound> of(String key) {
      return Arrays.stream(values()).filter(bound -> bound.key().equals(key)).findFirst();
    }
  }

  public Limits {
    SettingKey.REJECTED_ROWS.require(rejectedRows);
    SettingKey.DRIFT_PERCENT.require(driftPercent);
    bounds.forEach((bound, most) -> bound.setting().require(most));
    bounds = Map.copyOf(bounds);
    except = Map.copyOf(except);
  }

  /** Each that bounds something, by its name in the plan. */
  public Map<String, Long> byName() {
    Map<String, Long> named = new LinkedHashMap<>();
    named.put(SettingKey.REJECTED_ROWS.leaf(), rejectedRows);
    for (Bound bound : Bound.values()) {
      if (bounds.containsKey(bound)) {
        named.put(bound.key(), bounds.get(bound));
      }
    }
    return named;
  }

  /** Without exceptions. */
  public Limits(long rejectedRows, int driftPercent, Map<Bound, Long> bounds) {
    this(rejectedRows, driftPercent, bounds, Map.of());
  }

  /** The most that a step may do; empty where it may do anything. */
  public OptionalLong most(Bound bound) {
    Long most = bounds.get(bound);
    return most == null ? OptionalLong.empty() : OptionalLong.of(most);
  }

  /** The most that this step may do; empty for one that is an exception. */
  public OptionalLong most(Bound bound, Step step) {
    return !bound.ofKeys() && except(bound).contains(step.name())
        ? OptionalLong.empty()
        : most(bound);
  }

  /** What it does not hold for. */
  public Set<String> except(Bound bound) {
    return except.getOrDefault(bound, Set.of());
  }

  /**
   * Whether one is set for which all steps are counted before the first one writes. How much is
   * surplus is asked when a step's turn comes: that bound is always there.
   */
  public boolean guardTheWrite() {
    return bounds.keySet().stream().anyMatch(bound -> bound != Bound.SURPLUS_PERCENT);
  }

  /** Key to number, and to what it does not hold for, of those that are set. */
  Map<String, Object> named() {
    Map<String, Object> named = new LinkedHashMap<>();
    named.put(SettingKey.REJECTED_ROWS.key(), rejectedRows);
    for (Bound bound : Bound.values()) {
      most(bound).ifPresent(most -> named.put(bound.setting().key(), most));
      if (!except(bound).isEmpty()) {
        named.put("limits.except." + bound.key(), List.copyOf(new TreeSet<>(except(bound))));
      }
    }
    return named;
  }
}
