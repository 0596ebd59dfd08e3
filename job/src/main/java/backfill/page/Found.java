package backfill.page;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What its reader may have to look at: who gains most, what was rejected, checks and warnings. */
final class Found {
  private final JsonNode report;

  Found(JsonNode report) {
    this.report = report;
  }

  List<Section> sections() {
    List<Section> sections = new ArrayList<>();
    add(sections, "gains", "Who gains most", gains());
    add(sections, "rejections", "Rejected rows", rejections());
    add(sections, "never", "What must never happen", never());
    add(sections, "warnings", "Warnings", warnings());
    return sections;
  }

  private static void add(List<Section> sections, String id, String title, List<Block> blocks) {
    if (!blocks.isEmpty()) {
      sections.add(new Section(id, title, blocks));
    }
  }

  private List<Block> gains() {
    List<Block> blocks = new ArrayList<>();
    for (JsonNode step : report.path("steps")) {
      JsonNode gains = step.path("gains");
      if (!gains.isObject()) {
        continue;
      }
      String ways =
          gains.path("direct").isNumber()
              ? ": "
                  + Numbers.count(gains.path("direct"))
                  + " named by a source, "
                  + Numbers.count(gains.path("throughGroups"))
                  + " through groups alone"
              : "";
      blocks.add(new Block.Text(step.path("name").asText() + ways + "."));
      most(blocks, "Users who gain most", gains.path("users"));
      most(blocks, "Objects that open most", gains.path("objects"));
    }
    return blocks;
  }

  private static void most(List<Block> blocks, String title, JsonNode gainers) {
    long largest = gainers.path(0).path("pairs").asLong();
    List<Block.Bar> bars = new ArrayList<>();
    for (JsonNode gainer : gainers) {
      long pairs = gainer.path("pairs").asLong();
      bars.add(
          new Block.Bar(
              key(gainer.path("key")),
              largest == 0 ? 0 : (double) pairs / largest,
              Numbers.count(pairs),
              false));
    }
    if (!bars.isEmpty()) {
      blocks.add(new Block.BarChart(title, bars));
    }
  }

  /** A key, of several columns too. */
  static String key(JsonNode key) {
    return key.isValueNode() ? key.asText() : key.toString();
  }

  private List<Block> rejections() {
    List<Block.TableRow> rows = new ArrayList<>();
    for (JsonNode step : report.path("steps")) {
      for (JsonNode rejection : step.path("rejections")) {
        rows.add(
            Block.TableRow.of(
                step.path("name").asText(),
                key(rejection.path("key")),
                Numbers.text(rejection.path("reason")),
                Numbers.text(rejection.path("sqlState")),
                Numbers.text(rejection.path("constraint"))));
      }
    }
    return rows.isEmpty()
        ? List.of()
        : List.of(
            new Block.Table(List.of("Step", "Key", "Reason", "SQLSTATE", "Constraint"), 5, rows));
  }

  private List<Block> never() {
    List<Block.TableRow> rows = new ArrayList<>();
    report
        .path("never")
        .properties()
        .forEach(
            check ->
                rows.add(
                    new Block.TableRow(
                        List.of(check.getKey(), Numbers.count(check.getValue())),
                        check.getValue().asLong() > 0)));
    return rows.isEmpty() ? List.of() : List.of(new Block.Table(List.of("Check", "Rows"), 1, rows));
  }

  private List<Block> warnings() {
    List<String> warnings = new ArrayList<>();
    report.path("warnings").forEach(warning -> warnings.add(warning.asText()));
    for (JsonNode step : report.path("steps")) {
      step.path("vacuumDue").forEach(due -> warnings.add("Due: " + due.asText()));
      if (step.path("cannotUndo").isTextual()) {
        warnings.add(
            step.path("name").asText()
                + " cannot be undone whole: "
                + step.path("cannotUndo").asText());
      }
    }
    return warnings.isEmpty() ? List.of() : List.of(new Block.Items(warnings));
  }
}
