package backfill.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Takes out of a report what may name a row or hold a value of one; numbers, and the names of
 * steps, tables and columns stay. A sentence that is not the job's own may quote any row, and goes
 * whole.
 */
final class Redaction {
  private static final String LEFT_OUT = "left out";

  /** What holds a key, or rows with their values, wherever it stands; a condition may name one. */
  private static final Set<String> KEYS =
      Set.of("key", "keys", "toSet", "firstDifferences", "explained", "owns");

  /** Names with values that a command line, or a plan, gives: they may be of a row, too. */
  private static final Set<String> GIVEN = Set.of("params", "labels");

  /** The failures that the job says by itself: not ready, refused, missing rows, a lease. */
  private static final Set<Integer> OWN_WORDS = Set.of(2, 3, 5, 7, 75);

  /** Why a row was rejected, or left, where the job says it by itself. */
  private static final Pattern OWN_REASON =
      Pattern.compile(
          "parent-gone|suppressed|null-key|not-owned|was changed since|is gone"
              + "|a trigger keeps it as it is|another row holds its key, or a value that must be unique"
              + "|run [0-9a-f-]{36} wrote it later|rows of [\\w.]+ refer to it");

  /** Where a sentence may name a row, and what it says then. */
  private static final List<Named> NAMED =
      List.of(
          // From here on there may be rows, and whatever they hold.
          new Named(
              "(and must give none: |the first that differ: |left first: |missing first: |the first one, |ERROR: |FATAL: ).*",
              "$1" + LEFT_OUT),
          new Named("(hook [a-z-]+(?: of step [a-z0-9-]+)? [^:]*: ).*", "$1" + LEFT_OUT),
          new Named(
              "( for (?:user|object) ).*?(, and limits\\.(?:pairs-for-one-user|users-of-one-object) is )",
              "$1" + LEFT_OUT + "$2"),
          new Named(
              "(, the first of object ).*(: object and user differ in )", "$1" + LEFT_OUT + "$2"),
          // As servers and Spark quote values: Key (id)=(7) …, The value 'x' of …, integer: "x".
          new Named(
              "(?<==)\\(.*\\)|(?<=: )\".*?\"(?!\\w)|(?<!\\w)'.*?'(?!\\w)", "(" + LEFT_OUT + ")"));

  private record Named(Pattern place, String instead) {
    Named(String place, String instead) {
      this(Pattern.compile(place, Pattern.DOTALL), instead);
    }
  }

  private Redaction() {}

  /** A copy without keys. */
  static JsonNode of(JsonNode report) {
    JsonNode copy = report.deepCopy();
    visit(copy);
    JsonNode error = copy.path("error");
    if (error.isObject()
        && (error.path("sqlState").isTextual()
            || !OWN_WORDS.contains(copy.path("exitCode").asInt()))) {
      ((ObjectNode) error).put("message", LEFT_OUT);
    }
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
    // Of nested groups, keys is how many there are.
    if (KEYS.contains(name) && !value.isNull() && !(name.equals("keys") && value.isNumber())) {
      object.put(name, LEFT_OUT);
    } else if (GIVEN.contains(name) && value instanceof ObjectNode given) {
      List<String> names = new ArrayList<>();
      given.fieldNames().forEachRemaining(names::add);
      names.forEach(one -> given.put(one, LEFT_OUT));
    } else if (name.equals("reason") && object.has("key")) {
      object.put(name, OWN_REASON.matcher(value.asText()).matches() ? value.asText() : LEFT_OUT);
    } else if (value.isTextual()) {
      object.put(name, withoutKeys(value.asText()));
    } else {
      visit(value);
    }
  }

  private static String withoutKeys(String text) {
    String kept = text;
    for (Named named : NAMED) {
      kept = named.place().matcher(kept).replaceAll(named.instead());
    }
    return kept;
  }
}
