package backfill.plan;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Finds in a plan's text what leaves no trace in the parsed tree: keys given twice, objects merged,
 * includes, values that may vanish, and secrets. The text is known to be HOCON without syntax
 * errors.
 */
final class RepeatedKeys {
  /** Substitutions side by side: strings are joined, but objects would be merged. */
  private record Joined(List<String> path, int line) {}

  private final TextCursor cursor;
  private final FoundProblems problems;
  private final List<Joined> joined = new ArrayList<>();
  private final Set<String> secrets = new LinkedHashSet<>();

  RepeatedKeys(String text, FoundProblems problems) {
    this.cursor = new TextCursor(text);
    this.problems = problems;
    cursor.skipLines();
    cursor.take("{");
    fields();
  }

  /**
   * Paths of substitutions whose names say that they are secrets: refused, and never to be
   * resolved.
   */
  Set<String> secrets() {
    return secrets;
  }

  /** Whether a substitution is an object is only known once everything has its value. */
  void checkJoined(Config resolved) {
    for (Joined each : joined) {
      String path = ConfigUtil.joinPath(each.path());
      if (resolved.hasPath(path) && resolved.getValue(path).valueType() == ConfigValueType.OBJECT) {
        problems.at(each.line(), merged("${" + path + "} and what stands beside it"));
      }
    }
  }

  /** The fields of one object, and its closing brace. */
  private void fields() {
    Map<List<String>, Integer> lines = new LinkedHashMap<>();
    while (true) {
      cursor.skipSeparators();
      if (cursor.atEnd() || cursor.take("}")) {
        return;
      }
      int line = cursor.line();
      if (cursor.atWord("include")) {
        problems.at(line, "include is not allowed; a plan is one file");
        value();
        continue;
      }
      note(key(), line, lines);
      value();
    }
  }

  /** Everything up to {@code =}, <code>:</code>, {@code +=} or an opening brace. */
  private List<String> key() {
    StringBuilder key = new StringBuilder();
    while (!cursor.atEnd() && !cursor.at("{")) {
      if (cursor.take("+=") || cursor.take("=") || cursor.take(":")) {
        break;
      }
      key.append(cursor.next());
    }
    return ConfigUtil.splitPath(key.toString().strip());
  }

  private void note(List<String> key, int line, Map<List<String>, Integer> lines) {
    for (Map.Entry<List<String>, Integer> earlier : lines.entrySet()) {
      String first = ConfigUtil.joinPath(earlier.getKey());
      String second = ConfigUtil.joinPath(key);
      if (first.equals(second)) {
        problems.at(
            line, second + " is given twice, first on line " + earlier.getValue() + "; keep one");
        return;
      } else if (startsWith(key, earlier.getKey()) || startsWith(earlier.getKey(), key)) {
        problems.at(
            line,
            second
                + " would be merged with "
                + first
                + " on line "
                + earlier.getValue()
                + "; put both in one block");
        return;
      }
    }
    lines.put(key, line);
  }

  private static boolean startsWith(List<String> key, List<String> prefix) {
    return key.size() > prefix.size() && key.subList(0, prefix.size()).equals(prefix);
  }

  /** One value: all pieces up to a comma, the end of the line or the end of what it stands in. */
  private void value() {
    cursor.skipLines();
    int first = cursor.line();
    int objects = 0;
    List<Joined> substitutions = new ArrayList<>();
    while (true) {
      cursor.skipBlanks();
      int line = cursor.line();
      if (atEndOfValue()) {
        break;
      } else if (cursor.take("${")) {
        substitutions.add(new Joined(substitution(), line));
      } else if (cursor.take("[")) {
        elements();
        continue;
      } else if (cursor.take("{")) {
        objects++;
        fields();
      } else {
        cursor.next();
        continue;
      }
      if (objects > 0 && objects + substitutions.size() == 2) {
        problems.at(line, merged("two objects in one value, the first on line " + first));
      }
    }
    if (objects == 0 && substitutions.size() > 1) {
      joined.addAll(substitutions);
    }
  }

  private boolean atEndOfValue() {
    return cursor.atEnd()
        || cursor.at("\n")
        || cursor.at(",")
        || cursor.at("}")
        || cursor.at("]")
        || cursor.atComment();
  }

  private void elements() {
    while (true) {
      cursor.skipSeparators();
      if (cursor.atEnd() || cursor.at("}") || cursor.take("]")) {
        return;
      }
      value();
    }
  }

  private List<String> substitution() {
    int line = cursor.line();
    boolean mayVanish = cursor.take("?");
    StringBuilder text = new StringBuilder();
    while (!cursor.atEnd() && !cursor.take("}")) {
      text.append(cursor.next());
    }
    String name = text.toString().strip();
    if (mayVanish) {
      problems.at(
          line,
          "${?" + name + "} would take its key with it where it is not set; write ${" + name + "}");
    }
    if (isSecret(name)) {
      secrets.add(name);
      problems.at(
          line,
          "${"
              + name
              + "} names a secret, and secrets never enter a plan; see BACKFILL_PASSWORD_FILE");
    }
    return path(name);
  }

  private static boolean isSecret(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return upper.contains("PASSWORD") || upper.contains("SECRET") || upper.contains("TOKEN");
  }

  /** A list variable, {@code ${NAME[]}}, is no path; nor is it an object. */
  private static List<String> path(String name) {
    try {
      return ConfigUtil.splitPath(name);
    } catch (ConfigException.BadPath e) {
      return List.of(name);
    }
  }

  private static String merged(String what) {
    return what + ", would be merged without a trace; separate them or write one object";
  }
}
