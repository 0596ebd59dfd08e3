package backfill.plan;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Identifies what decides which rows a plan writes, whatever the file's layout and however fast it
 * is to go.
 */
final class PlanHash {
  private static final List<String> DECISIVE =
      List.of("name", "only-if", "params", "sources", "views", "never", "steps");

  private PlanHash() {}

  /**
   * SHA-256 in hexadecimal over the job's version, the resolved plan without its settings, and the
   * limits as they hold: one that is set on the command line makes no other plan.
   */
  static String of(ConfigObject plan, String timeZone, Limits limits, String jobVersion) {
    ConfigObject decisive = plan;
    for (String key : plan.keySet()) {
      if (!DECISIVE.contains(key) && !takesRowsBack(plan, key)) {
        decisive = decisive.withoutKey(key);
      }
    }
    decisive = decisive.withValue("steps", withoutWrite((ConfigList) plan.get("steps")));
    if (!timeZone.equals(Plan.UTC)) {
      decisive = decisive.withValue(PlanParser.TIME_ZONE, ConfigValueFactory.fromAnyRef(timeZone));
    }
    decisive = withHooks(decisive, plan.get(Hooks.KEY));
    decisive = decisive.withValue("limits", ConfigValueFactory.fromMap(limits.named()));
    // rendered, an object's keys are sorted
    String canonical = jobVersion + "\n" + decisive.render(ConfigRenderOptions.concise());
    return HexFormat.of().formatHex(Sha256.of(canonical));
  }

  /** Of the settings the one that decides about rows, where it is not as it is without it. */
  private static boolean takesRowsBack(ConfigObject plan, String key) {
    return key.equals(SettingKey.ON_REVOKED.key())
        && Settings.OnRevoked.REMOVE
            .name()
            .equalsIgnoreCase(String.valueOf(plan.get(key).unwrapped()).strip());
  }

  /** What may keep a run from writing is part of what was approved; how long it may take is not. */
  private static ConfigObject withHooks(ConfigObject decisive, ConfigValue hooks) {
    ConfigObject calls =
        hooks instanceof ConfigObject block
            ? block.withoutKey(SettingKey.HOOK_TIME_LIMIT.leaf())
            : null;
    return calls == null || calls.isEmpty() ? decisive : decisive.withValue(Hooks.KEY, calls);
  }

  private static ConfigValue withoutWrite(ConfigList steps) {
    List<ConfigValue> kept = new ArrayList<>();
    steps.forEach(step -> kept.add(((ConfigObject) step).withoutKey("write")));
    return ConfigValueFactory.fromIterable(kept);
  }
}
