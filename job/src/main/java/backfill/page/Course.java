package backfill.page;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How the run went in time: its stages, its rows per second, and what held it up. */
final class Course {
  private final JsonNode report;
  private final long wholeMs;

  Course(JsonNode report) {
    this.report = report;
    this.wholeMs = Math.max(1, report.path("durationMs").asLong());
  }

  Section section() {
    List<Block> blocks = new ArrayList<>();
    List<Block.Rate> rates = rates();
    List<Block.Span> held = held();
    if (!rates.isEmpty()) {
      blocks.add(new Block.RateChart("Rows per second, read and written", wholeMs, rates, held));
    }
    blocks.add(new Block.Waterfall("How long each stage took", wholeMs, stages()));
    List<Block.TableRow> waits = waits();
    if (!waits.isEmpty()) {
      blocks.add(
          new Block.Table(
              List.of("Step", "Statements", "Tried again", "Waited for locks", "Held back"),
              1,
              waits));
    }
    pauses(blocks);
    return new Section("course", "Course of the run", blocks);
  }

  private List<Block.Rate> rates() {
    List<Block.Rate> rates = new ArrayList<>();
    for (JsonNode moment : report.path("timeline")) {
      rates.add(
          new Block.Rate(
              new Block.Span(
                  moment.path("stage").asText(),
                  moment.path("fromMs").asLong(),
                  moment.path("ms").asLong()),
              moment.path("rows").asLong()));
    }
    return rates;
  }

  /** One after the other, as far as the sums tell: a stage of several steps is one bar. */
  private List<Block.Span> stages() {
    List<Block.Span> spans = new ArrayList<>();
    long[] from = {0};
    report
        .path("stages")
        .properties()
        .forEach(
            stage -> {
              long lasted = stage.getValue().asLong();
              spans.add(new Block.Span(stage.getKey(), from[0], lasted));
              from[0] += lasted;
            });
    return spans;
  }

  private List<Block.Span> held() {
    List<Block.Span> held = new ArrayList<>();
    Optional<Instant> start = instant(report.path("startedAt"));
    for (JsonNode pause : report.path("pace").path("pauses")) {
      Optional<Instant> from = instant(pause.path("from"));
      if (start.isPresent() && from.isPresent()) {
        held.add(
            new Block.Span(
                pause.path("reason").asText(),
                Math.max(0, Duration.between(start.get(), from.get()).toMillis()),
                pause.path("lengthMs").asLong()));
      }
    }
    return held;
  }

  private static Optional<Instant> instant(JsonNode text) {
    try {
      return text.isTextual() ? Optional.of(Instant.parse(text.asText())) : Optional.empty();
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private List<Block.TableRow> waits() {
    List<Block.TableRow> rows = new ArrayList<>();
    for (JsonNode step : report.path("steps")) {
      if (step.path("statements").isNumber()) {
        rows.add(
            new Block.TableRow(
                List.of(
                    Numbers.text(step.path("name")),
                    Numbers.count(step.path("statements")),
                    Numbers.count(step.path("retries")),
                    Numbers.millis(step.path("lockWaitMs")),
                    Numbers.millis(step.path("throttledMs"))),
                step.path("retries").asLong() > 0));
      }
    }
    return rows;
  }

  private void pauses(List<Block> blocks) {
    List<String> items = new ArrayList<>();
    for (JsonNode pause : report.path("pace").path("pauses")) {
      items.add(
          "Paused at %s for %s: %s%s%s"
              .formatted(
                  Numbers.text(pause.path("from")),
                  Numbers.millis(pause.path("lengthMs")),
                  Numbers.text(pause.path("reason")),
                  pause.path("reading").isTextual() ? " at " + pause.path("reading").asText() : "",
                  pause.path("by").isTextual() ? ", asked by " + pause.path("by").asText() : ""));
    }
    if (!items.isEmpty()) {
      blocks.add(new Block.Items(items));
    }
  }
}
