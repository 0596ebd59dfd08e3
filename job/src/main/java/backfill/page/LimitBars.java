package backfill.page;

import backfill.postgres.ledger.StepStatus;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/** How much of each limit the largest step would use up, as it is counted before the write. */
final class LimitBars {
  private final JsonNode report;
  private final boolean refused;
  private final List<Block.Bar> bars = new ArrayList<>();
  private final List<String> uncounted = new ArrayList<>();

  LimitBars(JsonNode report) {
    this.report = report;
    this.refused = report.path("exitCode").asInt() != 0 || report.path("wouldRefuse").isNumber();
  }

  /** Empty where the report has no limits. */
  List<Section> section() {
    report
        .path("limits")
        .properties()
        .forEach(limit -> add(limit.getKey(), limit.getValue().asLong()));
    List<Block> blocks = new ArrayList<>();
    if (!bars.isEmpty()) {
      blocks.add(new Block.BarChart("What the steps use of each limit", bars));
    }
    if (!uncounted.isEmpty()) {
      blocks.add(
          new Block.Text(
              "Not counted in a report, and asked before the write all the same: "
                  + String.join(", ", uncounted)
                  + "."));
    }
    return blocks.isEmpty() ? List.of() : List.of(new Section("limits", "Limits", blocks));
  }

  private void add(String limit, long most) {
    switch (limit) {
      case "rows-inserted" -> largest(limit, most, step -> count(step, "toInsert"));
      case "rows-set" -> largest(limit, most, step -> count(step, "toUpdate"));
      case "rows-deleted" -> largest(limit, most, LimitBars::deleted);
      case "growth-percent" -> largest(limit, most, step -> percent(step, "toInsert"));
      case "surplus-percent" -> largest(limit, most, step -> percent(step, "toDelete"));
      case "rejected-rows" -> {
        long rejected = 0;
        for (JsonNode step : report.path("steps")) {
          rejected += step.path("rejected").asLong();
        }
        bars.add(bar("limits." + limit, rejected, most, refused));
      }
      default -> uncounted.add("limits." + limit + " = " + Numbers.count(most));
    }
  }

  private static long count(JsonNode step, String what) {
    return step.path(what).asLong(-1);
  }

  /** With those that go along, where that is known. */
  private static long deleted(JsonNode step) {
    long rows = count(step, "toDelete");
    for (JsonNode along : step.path("cascaded")) {
      rows += along.asLong();
    }
    return rows;
  }

  /** Of the step's rows, a part of a percent counted as one, as the limit is. */
  private static long percent(JsonNode step, String what) {
    long of = step.path("targetRows").asLong();
    long rows = count(step, what);
    return rows < 0 || of == 0 ? -1 : (rows * 100 + of - 1) / of;
  }

  private void largest(String limit, long most, ToLongFunction<JsonNode> measured) {
    JsonNode largest = null;
    long value = -1;
    for (JsonNode step : report.path("steps")) {
      long found = measured.applyAsLong(step);
      if (found > value) {
        value = found;
        largest = step;
      }
    }
    if (largest != null) {
      // A step that is past its limit and written is one that the plan excepts from it.
      boolean written = largest.path("status").asText().equals(StepStatus.DONE.toString());
      bars.add(
          bar(
              "limits." + limit + ", " + largest.path("name").asText(),
              value,
              most,
              refused && !(written && report.path("command").asText().equals("run"))));
    }
  }

  private static Block.Bar bar(String label, long value, long most, boolean refuses) {
    double share = most == 0 ? (value == 0 ? 0 : 1) : Math.min(1, (double) value / most);
    return new Block.Bar(
        label, share, Numbers.count(value) + " of " + Numbers.count(most), refuses && value > most);
  }
}
