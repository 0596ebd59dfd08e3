package backfill.spark.diff;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A row of a diff as a file has it.
 *
 * @param event INSERT, UPDATE or DELETE
 * @param after the row's new values, or null
 * @param varying the columns that no two runs are compared by
 */
public record ReadRow(
    String step, String target, String event, JsonNode key, JsonNode after, JsonNode varying) {

  /** What it would do: the same of two rows, if they would do the same. */
  byte[] deed() {
    Set<String> others = new TreeSet<>();
    if (varying != null) {
      varying.forEach(column -> others.add(column.asText()));
    }
    StringBuilder deed = new StringBuilder();
    for (String text : new String[] {step, target, event}) {
      add(text, deed);
    }
    add(key, others, deed);
    add(after, others, deed);
    return deed.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void add(JsonNode object, Set<String> varying, StringBuilder deed) {
    Map<String, String> values = new TreeMap<>();
    if (object != null) {
      object
          .properties()
          .forEach(
              value ->
                  values.put(
                      value.getKey(),
                      value.getValue().isNull() ? null : value.getValue().asText()));
    }
    deed.append(values.size()).append(':');
    values.forEach(
        (column, value) -> {
          add(column, deed);
          if (varying.contains(column)) {
            deed.append('?');
          } else {
            add(value, deed);
          }
        });
  }

  /** With its length before it, so that no two values are taken for one. */
  private static void add(String text, StringBuilder deed) {
    deed.append(text == null ? -1 : text.length()).append(':').append(text == null ? "" : text);
  }
}
