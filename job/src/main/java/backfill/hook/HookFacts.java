package backfill.hook;

import backfill.plan.Hooks;
import backfill.report.Report;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What a hook finds in its environment: where programs and the home directory are, how the machine
 * speaks, and facts of the run. Nothing else of ours is there, no password before all.
 */
final class HookFacts {
  private static final Pattern PASSED =
      Pattern.compile("PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LANGUAGE|LC_[A-Z]+");

  private static final String PREFIX = "BACKFILL_";

  /** As the report has them. */
  private static final List<String> COUNTS =
      List.of(
          "planned",
          "alreadyPresent",
          "toInsert",
          "toUpdate",
          "toDelete",
          "inserted",
          "updated",
          "deleted",
          "rejected",
          "surplus",
          "missing");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, String> ours;

  /**
   * @param ours the environment of the job's own process
   */
  HookFacts(Map<String, String> ours) {
    this.ours = ours;
  }

  /**
   * @param step whose counts it gets; null for the sums over all steps
   */
  Map<String, String> of(Hooks.Occasion occasion, String step, Report report) {
    Map<String, String> facts = new LinkedHashMap<>();
    ours.forEach(
        (name, value) -> {
          if (PASSED.matcher(name).matches()) {
            facts.put(name, value);
          }
        });
    JsonNode json = read(report);
    facts.put(PREFIX + "HOOK", occasion.key());
    put(facts, "COMMAND", json.path("command"));
    put(facts, "RUN", json.path("runId"));
    put(facts, "PLAN", json.path("plan"));
    put(facts, "PLAN_HASH", json.path("planHash"));
    put(facts, "STATUS", json.path("status"));
    if (json.path("status").isTextual()) {
      put(facts, "EXIT_CODE", json.path("exitCode"));
    }
    if (step != null) {
      facts.put(PREFIX + "STEP", step);
    }
    for (String count : COUNTS) {
      sum(json.path("steps"), step, count, facts);
    }
    JsonNode undo = json.path("undo");
    put(facts, "UNDONE_RUN", undo.path("run"));
    sum(undo.path("writes"), null, "takenBack", facts);
    sum(undo.path("writes"), null, "left", facts);
    return facts;
  }

  private static JsonNode read(Report report) {
    try {
      return JSON.readTree(report.json());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a report is JSON", e);
    }
  }

  private static void put(Map<String, String> facts, String name, JsonNode value) {
    if (value.isValueNode() && !value.isNull()) {
      facts.put(PREFIX + name, value.asText());
    }
  }

  /** A count that no step knows is not there: it is not 0. */
  private static void sum(JsonNode steps, String only, String count, Map<String, String> facts) {
    long sum = 0;
    boolean known = false;
    for (JsonNode step : steps) {
      if (step.path(count).isNumber()
          && (only == null || only.equals(step.path("name").asText()))) {
        sum += step.path(count).asLong();
        known = true;
      }
    }
    if (known) {
      facts.put(
          PREFIX + count.replaceAll("([A-Z])", "_$1").toUpperCase(Locale.ROOT), Long.toString(sum));
    }
  }
}
