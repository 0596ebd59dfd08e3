package backfill.report;

import backfill.plan.Amount;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Two reports side by side: whether what they are about is the same plan and database, and each
 * step to write as many rows, and the same ones where both have their checksum.
 */
public final class ReportComparison {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> ABOUT = List.of("plan", "planHash");
  private static final List<String> OF_STEP =
      List.of("toInsert", "toUpdate", "toDelete", "diffRows", "diffChecksum");

  /** Of a run these may be missing where a dry run has them. */
  private static final Set<String> PERHAPS = Set.of("diffRows", "diffChecksum");

  private static final String[] HEAD = {"what", "A", "B"};

  private final List<Map<String, Object>> differences = new ArrayList<>();
  private final List<String[]> table = new ArrayList<>();

  private ReportComparison() {
    table.add(HEAD);
  }

  /** What differs; empty where one of the texts is no report. */
  public static Optional<Comparison> of(String a, String b) {
    try {
      JsonNode first = JSON.readTree(a);
      JsonNode second = JSON.readTree(b);
      return first.has("reportVersion") && second.has("reportVersion")
          ? Optional.of(new ReportComparison().compare(first, second))
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private Comparison compare(JsonNode a, JsonNode b) {
    for (String key : ABOUT) {
      look(key, null, a.path(key), b.path(key));
    }
    Set<String> databases = new LinkedHashSet<>();
    a.path("databases").fieldNames().forEachRemaining(databases::add);
    b.path("databases").fieldNames().forEachRemaining(databases::add);
    for (String name : databases) {
      look(
          "database " + name,
          null,
          a.path("databases").path(name).path("server"),
          b.path("databases").path(name).path("server"));
    }
    Map<String, JsonNode> ofA = steps(a);
    Map<String, JsonNode> ofB = steps(b);
    Set<String> steps = new LinkedHashSet<>(ofA.keySet());
    steps.addAll(ofB.keySet());
    for (String step : steps) {
      for (String key : OF_STEP) {
        look(
            key,
            step,
            ofA.getOrDefault(step, JSON.nullNode()).path(key),
            ofB.getOrDefault(step, JSON.nullNode()).path(key));
      }
    }
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("kind", "reports");
    found.put("differences", differences);
    return new Comparison(
        !differences.isEmpty(),
        found,
        Map.of(),
        table,
        differences.isEmpty()
            ? "equal: the plan, the databases, and what each step would do"
            : "different in " + Amount.of(differences.size(), "thing"));
  }

  private static Map<String, JsonNode> steps(JsonNode report) {
    Map<String, JsonNode> steps = new LinkedHashMap<>();
    report.path("steps").forEach(step -> steps.put(step.path("name").asText(), step));
    return steps;
  }

  private void look(String what, String step, JsonNode a, JsonNode b) {
    String one = text(a);
    String other = text(b);
    boolean untold = PERHAPS.contains(what) && (one == null || other == null);
    if (Objects.equals(one, other) || untold) {
      return;
    }
    Map<String, Object> difference = new LinkedHashMap<>();
    difference.put("step", step);
    difference.put("what", what);
    difference.put("a", one);
    difference.put("b", other);
    differences.add(difference);
    table.add(
        new String[] {
          step == null ? what : step + " " + what,
          Objects.toString(one, "none"),
          Objects.toString(other, "none")
        });
  }

  private static String text(JsonNode value) {
    return value.isMissingNode() || value.isNull() ? null : value.asText();
  }
}
