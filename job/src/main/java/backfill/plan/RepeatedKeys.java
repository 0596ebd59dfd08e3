package backfill.plan;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.HashMap;
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

  static final String NO_INCLUDE = "include is not allowed; a plan is one file";

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
    FieldsSoFar lines = new FieldsSoFar();
    while (true) {
      cursor.skipSeparators();
      if (cursor.atEnd() || cursor.take("}")) {
        return;
      }
      int line = cursor.line();
      if (cursor.atWord("include")) {
        problems.at(line, NO_INCLUDE);
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

  private void note(List<String> key, int line, FieldsSoFar earlier) {
    List<String> other = earlier.besides(key);
    if (other == null) {
      earlier.add(key, line);
      return;
    }
    String second = ConfigUtil.joinPath(key);
    int first = earlier.line(other);
    problems.at(
        line,
        other.equals(key)
            ? second + " is given twice, first on line " + first + "; keep one"
            : second
                + " would be merged with "
                + ConfigUtil.joinPath(other)
                + " on line "
                + first
                + "; put both in one block");
  }

  /** The keys of one object, each with its line; a plan that a program writes may have many. */
  private static final class FieldsSoFar {
    private final Map<List<String>, Integer> lines = new HashMap<>();
    private final Map<List<String>, List<String>> byPrefix = new HashMap<>();

    void add(List<String> key, int line) {
      lines.put(key, line);
      for (int length = 1; length < key.size(); length++) {
        byPrefix.putIfAbsent(key.subList(0, length), key);
      }
    }

    /** The same key, or one of which it is a part, or which is a part of it; null without one. */
    List<String> besides(List<String> key) {
      for (int length = 1; length <= key.size(); length++) {
        if (lines.containsKey(key.subList(0, length))) {
          return key.subList(0, length);
        }
      }
      return byPrefix.get(key);
    }

    int line(List<String> key) {
      return lines.get(key);
    }
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
