package backfill.report;

import backfill.postgres.explain.StepExplanation;
import backfill.postgres.ledger.KeyHistory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * The keys of the report and of the last line, in their order. Programs read them: one may come in
 * addition, and none ever means something else.
 */
final class ReportJson {
  static final int VERSION = 1;

  private static final ObjectMapper JSON = new ObjectMapper();

  private ReportJson() {}

  /** The whole report, indented. */
  static String whole(Report report) {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("reportVersion", VERSION);
    keys.put("plan", report.about().plan().name());
    keys.put("planHash", report.about().plan().hash());
    keys.put("runId", report.about().runId());
    keys.put("command", report.about().command());
    keys.put("status", report.status());
    keys.put("exitCode", report.exitCode());
    keys.put("error", report.outcome().error());
    keys.put("wouldRefuse", report.outcome().wouldRefuse());
    keys.put("labels", report.about().labels());
    keys.put("params", report.about().params());
    keys.put("approval", report.about().approval());
    keys.put("countsExact", report.countsExact());
    keys.put("startedAt", report.timing().startedAt());
    keys.put("durationMs", report.timing().durationMs());
    keys.put("sessionReadyMs", report.timing().sessionReadyMs());
    keys.put("stages", report.timing().stages());
    keys.put("databases", report.databases());
    keys.put("warnings", report.warnings());
    keys.put("steps", report.steps().stream().map(ReportJson::of).toList());
    keys.put("never", report.outcome().never());
    keys.put("pace", report.outcome().pace());
    keys.put("limits", report.about().limits());
    keys.put("timeline", report.timing().timeline());
    keys.put("planGiven", report.about().plan().given());
    keys.put("hooks", report.about().plan().hooks());
    told(keys, report.told());
    if (report.told().explained() != null) {
      keys.put("explained", report.told().explained());
    }
    if (report.told().comparison() != null) {
      keys.put("firstDifferences", report.told().comparison().first());
    }
    return text(keys, true);
  }

  private static Map<String, Object> of(StepReport step) {
    StepReport.Diffed diffed = step.diffed();
    StepReport.Written written = step.written();
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("name", step.name());
    keys.put("kind", step.kind());
    keys.put("target", step.target());
    keys.put("status", step.status());
    keys.put("read", step.read().rows());
    keys.put("planned", step.planned());
    keys.put("alreadyPresent", step.alreadyPresent());
    keys.put("foreign", step.foreign());
    keys.put("toInsert", step.toInsert());
    keys.put("toUpdate", step.toUpdate());
    keys.put("toDelete", step.toDelete());
    keys.put("inserted", step.inserted());
    keys.put("conflicts", step.conflicts());
    keys.put("updated", step.updated());
    keys.put("unchanged", diffed.ofPlan(plan -> plan.unchanged()));
    keys.put("deleted", step.deleted());
    keys.put("stayed", written.deletes().stayed());
    keys.put("cascaded", step.cascaded());
    keys.put("absent", diffed.ofPlan(plan -> plan.absent()));
    keys.put("changedMeanwhile", step.changedMeanwhile());
    keys.put("rejected", step.rejected());
    keys.put("rejections", step.rejections());
    keys.put("surplus", step.surplus());
    keys.put(
        "unmatched", diffed.ofPlan(plan -> plan.unmatched().isEmpty() ? null : plan.unmatched()));
    keys.put("missing", step.missing());
    keys.put("addedMeanwhile", step.verified().addedMeanwhile());
    keys.put("revokedMeanwhile", step.verified().revokedMeanwhile());
    keys.put("revokedRemoved", step.verified().revokedRemoved());
    keys.put("revokedLeft", step.verified().revokedLeft());
    keys.put("statements", step.cost().statements());
    keys.put("retries", step.cost().retries());
    keys.put("sequenceValues", step.sequenceValues());
    keys.put("sequencesSet", written.sequencesSet());
    keys.put("lockWaitMs", step.cost().lockWaitMs());
    keys.put("throttledMs", step.cost().throttledMs());
    keys.put("durationMs", step.cost().durationMs());
    keys.put("stages", step.cost().stages());
    keys.put("changes", step.changes());
    keys.put("leftOut", step.read().leftOut());
    keys.put(
        "crossing",
        diffed.ofPlan(plan -> plan.crossing() == null ? null : plan.crossing().pairs()));
    keys.put("nested", step.read().nested());
    keys.put("nestedObjects", step.read().nestedObjects());
    keys.put("targetRows", diffed.ofPlan(plan -> plan.targetRows()));
    keys.put("owns", diffed.owns());
    keys.put("takenAway", diffed.takenAway());
    keys.put("cannotUndo", diffed.undoing().cannot());
    keys.put("ledgerBytes", diffed.undoing().ledgerBytes());
    keys.put("gains", diffed.foretold().gains());
    keys.put("losses", diffed.foretold().losses());
    keys.put("toSet", diffed.foretold().toSet());
    keys.put("shape", diffed.foretold().shape());
    keys.put("diffRows", diffed.foretold().ofRows(rows -> rows.rows()));
    keys.put("diffChecksum", diffed.foretold().ofRows(rows -> rows.checksum()));
    keys.put("analyzed", written.upkeep().analyzed());
    keys.put("deadRows", written.upkeep().deadRows());
    keys.put("vacuumDue", written.upkeep().vacuumDue());
    return keys;
  }

  /** The last line of standard output: how it ended, and the sums over all steps. */
  static String line(Report report) {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("plan", report.about().plan().name());
    keys.put("runId", report.about().runId());
    keys.put("command", report.about().command());
    keys.put("status", report.status());
    keys.put("exitCode", report.exitCode());
    keys.put("retryable", report.retryable());
    keys.put("wouldRefuse", report.outcome().wouldRefuse());
    keys.put("planned", sum(report, StepReport::planned));
    keys.put("alreadyPresent", sum(report, StepReport::alreadyPresent));
    keys.put("foreign", sum(report, StepReport::foreign));
    keys.put("toInsert", sum(report, StepReport::toInsert));
    keys.put("toUpdate", sum(report, StepReport::toUpdate));
    keys.put("toDelete", sum(report, StepReport::toDelete));
    keys.put("inserted", sum(report, StepReport::inserted));
    keys.put("updated", sum(report, StepReport::updated));
    keys.put("deleted", sum(report, StepReport::deleted));
    keys.put("rejected", sum(report, StepReport::rejected));
    keys.put("surplus", sum(report, StepReport::surplus));
    keys.put("missing", sum(report, StepReport::missing));
    keys.put("durationMs", report.timing().durationMs());
    told(keys, report.told());
    if (report.told().explained() != null) {
      keys.put("explained", report.told().explained().stream().map(ReportJson::inShort).toList());
    }
    return text(keys, false);
  }

  private static String value(StepExplanation.Side side) {
    return side == null ? null : side.value();
  }

  private static Map<String, Object> inShort(StepExplanation step) {
    List<KeyHistory.Happened> events = step.history() == null ? List.of() : step.history().events();
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("step", step.subject().step());
    keys.put("object", value(step.subject().object()));
    keys.put("user", value(step.subject().user()));
    keys.put("row", step.subject().row());
    keys.put("gives", step.gives());
    keys.put("pairs", step.given() == null ? null : step.given().pairs());
    keys.put("ways", step.given() == null ? null : step.given().allWays());
    keys.put("targetRows", step.held().rows().rows());
    keys.put("events", step.history() == null ? null : events.size());
    keys.put("last", events.isEmpty() ? null : events.get(events.size() - 1));
    return keys;
  }

  private static void told(Map<String, Object> keys, Report.Told told) {
    if (told.runs() != null) {
      keys.put("runs", told.runs());
    }
    if (told.asked() != null) {
      keys.put("asked", told.asked());
    }
    if (told.undo() != null) {
      keys.put("undo", told.undo());
    }
    if (told.comparison() != null) {
      keys.put("different", told.comparison().different());
      keys.put("comparison", told.comparison().found());
    }
  }

  /** Of the steps that know the count; null where none does. */
  private static Long sum(Report report, Function<StepReport, Long> count) {
    List<Long> known = report.steps().stream().map(count).filter(Objects::nonNull).toList();
    return known.isEmpty() ? null : (Long) known.stream().mapToLong(Long::longValue).sum();
  }

  /** What approved a run, without the rest. */
  static String approval(Report.Approval approval) {
    return text(approval, false);
  }

  /** Labels without the rest, as an object. */
  static String labels(Map<String, String> labels) {
    return text(labels, false);
  }

  /** An object of JSON as {@code name=value}, for people; empty for null. */
  static String words(String json) {
    if (json == null) {
      return "";
    }
    try {
      List<String> words = new ArrayList<>();
      JSON.readTree(json)
          .properties()
          .forEach(
              field ->
                  words.add(
                      field.getKey()
                          + "="
                          + (field.getValue().isValueNode()
                              ? field.getValue().asText()
                              : field.getValue().toString())));
      return String.join(", ", words);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the ledger keeps JSON", e);
    }
  }

  private static String text(Object value, boolean indented) {
    try {
      return (indented ? JSON.writer(SerializationFeature.INDENT_OUTPUT) : JSON.writer())
          .writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a report of strings, numbers and lists has a text", e);
    }
  }
}
