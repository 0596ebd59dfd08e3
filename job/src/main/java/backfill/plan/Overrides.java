package backfill.plan;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Lays {@code --set KEY=VALUE} over a plan before it is resolved: settings and declared params,
 * nothing else.
 */
final class Overrides {
  private static final String PLACE = "--set";

  /** A path into these would replace the whole of what it points into. */
  private static final Set<String> FILE_ONLY =
      Set.of(
          "steps",
          "sources",
          "views",
          "never",
          "databases",
          "name",
          "only-if",
          PlanParser.TIME_ZONE);

  /** Settings that are no number. */
  private static final Set<String> SETTINGS_OF_WORDS =
      Set.of(
          "ledger",
          "ledger.schema",
          "ledger.keys",
          "write.writers",
          Throttle.KEY,
          Throttle.PROBE_KEY,
          SettingsParser.UNDO,
          StopAfter.KEY,
          Settings.Metrics.PUSH,
          Settings.Metrics.OTLP,
          PlanParser.ALLOW_DELETE);

  private final Config file;
  private final Config declared;
  private final FoundProblems problems;

  private Overrides(Config file, FoundProblems problems) {
    this.file = file;
    this.declared = file.resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true));
    this.problems = problems;
  }

  /** The plan with the values in it; what cannot be set is a problem, and left out. */
  static Config over(Config file, List<String> sets, FoundProblems problems) {
    return sets.isEmpty() ? file : new Overrides(file, problems).apply(sets);
  }

  private Config apply(List<String> sets) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (String set : sets) {
      int equals = set.indexOf('=');
      String key = equals < 0 ? set : set.substring(0, equals).strip();
      if (equals < 1) {
        problem("expected KEY=VALUE, got " + set);
      } else if (texts.putIfAbsent(key, set.substring(equals + 1)) != null) {
        problem(key + " is set twice; set it once");
      }
    }
    Config result = file;
    for (Map.Entry<String, String> entry : texts.entrySet()) {
      Optional<Object> value = value(entry.getKey(), entry.getValue());
      if (value.isPresent()) {
        result =
            result.withValue(entry.getKey(), ConfigValueFactory.fromAnyRef(value.get(), PLACE));
      }
    }
    return result;
  }

  /** The value as it is to stand in the tree: always a scalar, never a structure. */
  private Optional<Object> value(String key, String text) {
    String first = key.contains(".") ? key.substring(0, key.indexOf('.')) : key;
    if (FILE_ONLY.contains(first)) {
      problem(key + " cannot be set from the command line; edit the plan");
      return Optional.empty();
    }
    if (first.equals("params") && key.contains(".")) {
      return param(key, text);
    }
    if (key.equals(SettingKey.APPROVE.key()) && isWeaker(key, text)) {
      problem(
          "approve is "
              + declared.getValue(key).unwrapped()
              + " in the plan, and can be made stricter from the command line, not "
              + text.strip());
      return Optional.empty();
    }
    if (Hooks.paths().contains(key)) {
      return hook(key, text);
    }
    if (!SETTINGS_OF_WORDS.contains(key) && !SettingKey.keys().contains(key)) {
      List<String> known = new ArrayList<>(SettingKey.keys());
      known.addAll(SETTINGS_OF_WORDS);
      known.addAll(Hooks.paths());
      problem(key + " is not a setting" + Nearest.hint(key, known));
      return Optional.empty();
    }
    return Optional.of(text);
  }

  /** One that the plan has may be what keeps a run from writing. */
  private Optional<Object> hook(String key, String text) {
    try {
      if (declared.hasPath(key)) {
        problem(
            key + " is in the plan, and cannot be replaced from the command line; edit the plan");
        return Optional.empty();
      }
    } catch (ConfigException.NotResolved e) {
      problem(key + " is in the plan, and cannot be replaced from the command line; edit the plan");
      return Optional.empty();
    }
    return Optional.of(text);
  }

  /** Whether less is demanded than the plan does; what is not one of the words is refused later. */
  private boolean isWeaker(String key, String text) {
    try {
      return declared.hasPath(key)
          && SettingKey.APPROVE.parse(ConfigValueFactory.fromAnyRef(text)).getAsLong()
              < SettingKey.APPROVE.parse(declared.getValue(key)).getAsLong();
    } catch (IllegalArgumentException | ConfigException.NotResolved e) {
      return false;
    }
  }

  private Optional<Object> param(String key, String text) {
    List<String> names = paramNames();
    String name = key.substring("params.".length());
    if (!names.contains(name)) {
      problem(key + " is not declared by the plan" + hint(key, names));
      return Optional.empty();
    }
    Object example = defaultOf(name).orElse("");
    try {
      if (example instanceof Integer || example instanceof Long) {
        return Optional.of(Long.parseLong(text.strip()));
      } else if (example instanceof Double) {
        return Optional.of(finite(text.strip()));
      } else if (example instanceof Boolean) {
        return Optional.of(bool(text.strip()));
      }
      return Optional.of(text);
    } catch (IllegalArgumentException e) {
      problem(
          key + " must be " + typeOf(example) + " as in the plan (" + example + "), got " + text);
      return Optional.empty();
    }
  }

  private static String hint(String key, List<String> names) {
    return Nearest.hint(key, names.stream().map(name -> "params." + name).toList());
  }

  private List<String> paramNames() {
    return declared.root().get("params") instanceof ConfigObject params
        ? params.keySet().stream().sorted().toList()
        : List.of();
  }

  /** Nothing where the default itself is not known without the environment: then it is text. */
  private Optional<Object> defaultOf(String name) {
    try {
      ConfigValue value = ((ConfigObject) declared.root().get("params")).get(name);
      return Optional.of(value.unwrapped());
    } catch (ConfigException.NotResolved e) {
      return Optional.empty();
    }
  }

  private static double finite(String text) {
    double number = Double.parseDouble(text);
    if (!Double.isFinite(number)) {
      throw new NumberFormatException(text);
    }
    return number;
  }

  private static boolean bool(String text) {
    if (!text.equals("true") && !text.equals("false")) {
      throw new IllegalArgumentException(text);
    }
    return text.equals("true");
  }

  private static String typeOf(Object example) {
    return example instanceof Boolean
        ? "true or false"
        : example instanceof Double ? "a number" : "a whole number";
  }

  private void problem(String message) {
    problems.at(PLACE, message);
  }
}
