package backfill.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Takes keys of rows out of a report, for readers who may know numbers and no persons. */
final class Redaction {
  private static final String LEFT_OUT = "left out";

  /** What holds a key, or rows with their values, wherever it stands. */
  private static final Set<String> KEYS =
      Set.of("key", "keys", "toSet", "firstDifferences", "explained");

  /**
   * As a server quotes values in its sentences: {@code Key (id)=(7) …}, {@code invalid input syntax
   * for type integer: "x"}.
   */
  private static final Pattern QUOTED =
      Pattern.compile("(?<==)\\((?:[^()]|\\([^()]*\\))*\\)|(?<=: )\"[^\"]*\"");

  private Redaction() {}

  /** A copy without keys. */
  static JsonNode of(JsonNode report) {
    JsonNode copy = report.deepCopy();
    visit(copy);
    return copy;
  }

  private static void visit(JsonNode node) {
    if (node instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      for (String name : names) {
        field(object, name);
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        if (array.get(i).isTextual()) {
          array.set(i, TextNode.valueOf(withoutKeys(array.get(i).asText())));
        } else {
          visit(array.get(i));
        }
      }
    }
  }

  private static void field(ObjectNode object, String name) {
    JsonNode value = object.get(name);
    if (KEYS.contains(name) && !value.isNull() && !(name.equals("keys") && value.isNumber())) {
      object.put(name, LEFT_OUT);
    } else if (value.isTextual()) {
      object.put(name, withoutKeys(value.asText()));
    } else {
      visit(value);
    }
  }

  private static String withoutKeys(String text) {
    return QUOTED.matcher(text).replaceAll("(" + LEFT_OUT + ")");
  }
}
