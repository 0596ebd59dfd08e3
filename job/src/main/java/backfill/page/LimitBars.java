package backfill.page;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/** How much of each limit the largest step used up. */
final class LimitBars {
  private final JsonNode report;
  private final boolean dry;

  LimitBars(JsonNode report) {
    this.report = report;
    this.dry = !report.path("command").asText().equals("run");
  }

  /** Empty where the report has no limits that can be held against a count. */
  List<Section> section() {
    List<Block.Bar> bars = new ArrayList<>();
    report
        .path("limits")
        .properties()
        .forEach(
            limit -> {
              if (limit.getValue().isNumber()) {
                add(bars, limit.getKey(), limit.getValue().asLong());
              }
            });
    return bars.isEmpty()
        ? List.of()
        : List.of(
            new Section(
                "limits",
                "Limits",
                List.of(new Block.BarChart("What the steps used of each limit", bars))));
  }

  private void add(List<Block.Bar> bars, String limit, long most) {
    switch (limit) {
      case "rows-inserted" ->
          largest(bars, limit, most, step -> count(step, "toInsert", "inserted"));
      case "rows-set" -> largest(bars, limit, most, step -> count(step, "toUpdate", "updated"));
      case "rows-deleted" -> largest(bars, limit, most, step -> count(step, "toDelete", "deleted"));
      case "growth-percent" ->
          largest(
              bars,
              limit,
              most,
              step -> percent(count(step, "toInsert", "inserted"), step.path("targetRows")));
      case "rejected-rows" -> {
        long rejected = 0;
        for (JsonNode step : report.path("steps")) {
          rejected += step.path("rejected").asLong();
        }
        bars.add(bar("limits." + limit, rejected, most));
      }
      default -> {}
    }
  }

  private long count(JsonNode step, String planned, String written) {
    return step.path(dry || !step.path(written).isNumber() ? planned : written).asLong(-1);
  }

  private static long percent(long rows, JsonNode of) {
    return rows < 0 || of.asLong() == 0 ? -1 : rows * 100 / of.asLong();
  }

  private void largest(
      List<Block.Bar> bars, String limit, long most, ToLongFunction<JsonNode> measured) {
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
      bars.add(bar("limits." + limit + ", " + largest.path("name").asText(), value, most));
    }
  }

  private static Block.Bar bar(String label, long value, long most) {
    double share = most == 0 ? (value == 0 ? 0 : 1) : Math.min(1, (double) value / most);
    return new Block.Bar(
        label, share, Numbers.count(value) + " of " + Numbers.count(most), value > most);
  }
}
