package backfill.report;

import backfill.plan.InvalidPlanException;
import backfill.postgres.ledger.StepStatus;
import backfill.spark.diff.DiffInput;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The report of a dry run, as what approves a run: all that the run must keep to.
 *
 * @param about which dry run it was
 * @param databases each by the name that the plan gives it
 * @param steps name to what was counted of it
 * @param by who approved it; empty where that was not said
 * @param rows what it wrote with {@code --diff}; empty where that is not at hand
 * @param json all of it
 */
public record ApprovedReport(
    About about,
    Map<String, DatabaseAsked> databases,
    Map<String, StepCounted> steps,
    Optional<String> by,
    Optional<DiffInput> rows,
    String json) {

  /**
   * Which dry run it was.
   *
   * @param wouldRefuse the exit code that a run would have ended with; null where it would not
   */
  public record About(String planHash, String runId, Instant startedAt, Integer wouldRefuse) {}

  /**
   * A database that it asked.
   *
   * @param systemIdentifier null where the server did not tell
   */
  public record DatabaseAsked(String server, String systemIdentifier, String database) {}

  /**
   * What it counted of a step; a count that was not known, or that a kind does not have, is null.
   */
  public record StepCounted(
      String status,
      Long toInsert,
      Long toUpdate,
      Long toDelete,
      Map<String, Long> cascaded,
      String diffChecksum) {

    /** Whether an only-if was false. */
    public boolean skipped() {
      return StepStatus.SKIPPED.toString().equals(status);
    }
  }

  /**
   * Reads what {@code plan} wrote with {@code --report}.
   *
   * @param location for messages
   * @throws InvalidPlanException if it is not the report of a dry run that came to its end
   */
  public static ApprovedReport read(String location, String json, Optional<String> by) {
    Reader reader = new Reader(location);
    JsonNode report = reader.json(json);
    if (report.path("reportVersion").asInt() != ReportJson.VERSION) {
      throw reader.wrong("is not a report of this version of the job");
    }
    String command = reader.text(report, "command");
    if (!command.equals(Command.PLAN.toString())) {
      throw reader.wrong("is the report of " + command + ", and only one of plan approves a run");
    }
    if (report.path("exitCode").asInt(-1) != 0) {
      throw reader.wrong(
          "is the report of a dry run that did not come to its end: its exit code is "
              + report.path("exitCode").asText());
    }
    return new ApprovedReport(
        new About(
            reader.text(report, "planHash"),
            reader.text(report, "runId"),
            reader.time(report, "startedAt"),
            report.path("wouldRefuse").isInt() ? report.path("wouldRefuse").intValue() : null),
        reader.databases(report.path("databases")),
        reader.steps(report.path("steps")),
        by,
        Optional.empty(),
        json);
  }

  /** The same, with the rows that it wrote with {@code --diff}. */
  public ApprovedReport with(DiffInput diff) {
    return new ApprovedReport(about, databases, steps, by, Optional.of(diff), json);
  }

  /** Takes one report apart, and says what is wrong with it. */
  private record Reader(String location) {
    private static final ObjectMapper JSON = new ObjectMapper();

    JsonNode json(String text) {
      try {
        JsonNode read = JSON.readTree(text);
        if (read != null && read.isObject()) {
          return read;
        }
      } catch (JsonProcessingException e) {
        // said below
      }
      throw wrong("is not JSON as plan writes it with --report");
    }

    InvalidPlanException wrong(String what) {
      return new InvalidPlanException("--approved " + location, what);
    }

    String text(JsonNode of, String key) {
      if (!of.path(key).isTextual()) {
        throw wrong("has no " + key + ": it is not a report of plan");
      }
      return of.path(key).textValue();
    }

    Instant time(JsonNode of, String key) {
      String text = text(of, key);
      try {
        return Instant.parse(text);
      } catch (DateTimeParseException e) {
        throw wrong("has a " + key + " that is not a time: " + text);
      }
    }

    Map<String, DatabaseAsked> databases(JsonNode all) {
      Map<String, DatabaseAsked> databases = new LinkedHashMap<>();
      all.properties()
          .forEach(
              each ->
                  databases.put(
                      each.getKey(),
                      new DatabaseAsked(
                          each.getValue().path("server").asText(),
                          each.getValue().path("systemIdentifier").textValue(),
                          text(each.getValue(), "database"))));
      return Collections.unmodifiableMap(databases);
    }

    Map<String, StepCounted> steps(JsonNode all) {
      Map<String, StepCounted> steps = new LinkedHashMap<>();
      for (JsonNode step : all) {
        StepCounted before =
            steps.put(
                text(step, "name"),
                new StepCounted(
                    text(step, "status"),
                    count(step, "toInsert"),
                    count(step, "toUpdate"),
                    count(step, "toDelete"),
                    counts(step.path("cascaded")),
                    step.path("diffChecksum").textValue()));
        if (before != null) {
          throw wrong("has two steps " + text(step, "name"));
        }
      }
      return Collections.unmodifiableMap(steps);
    }

    private Long count(JsonNode of, String key) {
      JsonNode count = of.path(key);
      if (count.isNull() || count.isMissingNode()) {
        return null;
      }
      if (!count.isIntegralNumber() || !count.canConvertToLong()) {
        throw wrong("has a " + key + " that is not a whole number: " + count);
      }
      return count.longValue();
    }

    private Map<String, Long> counts(JsonNode all) {
      if (!all.isObject()) {
        return null;
      }
      Map<String, Long> counts = new LinkedHashMap<>();
      all.fieldNames().forEachRemaining(name -> counts.put(name, count(all, name)));
      return Collections.unmodifiableMap(counts);
    }
  }
}
