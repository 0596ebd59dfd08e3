package backfill.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What an earlier report of the same plan says otherwise: the dry run, or the run before. */
final class Differences {
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

  private final JsonNode before;
  private final JsonNode now;

  Differences(JsonNode before, JsonNode now) {
    this.before = before;
    this.now = now;
  }

  Section section() {
    List<Block> blocks = new ArrayList<>();
    blocks.add(
        new Block.Text(
            "Beside %s of %s (run %s)."
                .formatted(
                    Numbers.text(before.path("command")),
                    Numbers.text(before.path("startedAt")),
                    Numbers.text(before.path("runId")))));
    if (!before.path("planHash").equals(now.path("planHash"))) {
      blocks.add(new Block.Text("The plan is not the same: its hash differs."));
    }
    only(now, before, "now").ifPresent(blocks::add);
    only(before, now, "before").ifPresent(blocks::add);
    List<Block.TableRow> rows = rows();
    blocks.add(
        rows.isEmpty()
            ? new Block.Text("Every count that both have is the same.")
            : new Block.Table(List.of("Step", "Count", "Before", "Now", "Difference"), 2, rows));
    return new Section("differences", "What differs from before", blocks);
  }

  /** Steps that one of them has, and the other has not. */
  private static Optional<Block> only(JsonNode in, JsonNode other, String when) {
    List<String> names = new ArrayList<>();
    for (JsonNode step : in.path("steps")) {
      if (of(other, step.path("name")).isMissingNode()) {
        names.add(step.path("name").asText());
      }
    }
    return names.isEmpty()
        ? Optional.empty()
        : Optional.of(new Block.Text("Only %s: %s.".formatted(when, String.join(", ", names))));
  }

  private List<Block.TableRow> rows() {
    List<Block.TableRow> rows = new ArrayList<>();
    for (JsonNode step : now.path("steps")) {
      JsonNode other = of(before, step.path("name"));
      for (String count : COUNTS) {
        long differs = step.path(count).asLong() - other.path(count).asLong();
        if (differs != 0 && step.path(count).isNumber() && other.path(count).isNumber()) {
          rows.add(
              Block.TableRow.of(
                  step.path("name").asText(),
                  count,
                  Numbers.count(other.path(count)),
                  Numbers.count(step.path(count)),
                  (differs > 0 ? "+" : "") + Numbers.count(differs)));
        }
      }
    }
    return rows;
  }

  private static JsonNode of(JsonNode report, JsonNode name) {
    for (JsonNode step : report.path("steps")) {
      if (step.path("name").equals(name)) {
        return step;
      }
    }
    return MissingNode.getInstance();
  }
}
