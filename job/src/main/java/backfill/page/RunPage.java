package backfill.page;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A report, made into what its reader asked for: HTML, Markdown, or the JSON that it is. */
public final class RunPage {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What a report can be written as. */
  public enum Format {
    JSON,
    HTML,
    MARKDOWN;

    /** By the ending of a file's name: {@code .html}, {@code .htm}, {@code .md}; else JSON. */
    public static Format of(String name) {
      String lower = name.toLowerCase(Locale.ROOT);
      return lower.endsWith(".html") || lower.endsWith(".htm")
          ? HTML
          : lower.endsWith(".md") ? MARKDOWN : JSON;
    }
  }

  private final JsonNode report;
  private final JsonNode before;

  private RunPage(JsonNode report, JsonNode before) {
    this.report = report;
    this.before = before;
  }

  /**
   * Empty where a text is no report.
   *
   * @param json a whole report
   * @param redacted whether keys of rows are left out
   */
  public static Optional<RunPage> of(String json, boolean redacted) {
    try {
      JsonNode report = JSON.readTree(json);
      return report.has("reportVersion")
          ? Optional.of(new RunPage(redacted ? Redaction.of(report) : report, null))
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** The same page, which also says what differs from an earlier report of the plan. */
  public RunPage beside(RunPage earlier) {
    return new RunPage(report, earlier.report);
  }

  /** The whole text of a file. */
  public String as(Format format) {
    Verdict verdict = new Verdict(report);
    return switch (format) {
      case JSON -> report.toPrettyString() + "\n";
      case HTML -> Html.page(verdict.headline(), verdict.mood(), sections(verdict), report);
      case MARKDOWN -> MarkdownPage.of(verdict.headline(), sections(verdict));
    };
  }

  private List<Section> sections(Verdict verdict) {
    List<Section> sections = new ArrayList<>();
    sections.add(verdict.section());
    sections.addAll(new CommandAnswer(report).sections());
    if (sections.size() == 1) {
      sections.add(new BalanceSheet(report).section());
    }
    sections.addAll(new LimitBars(report).section());
    sections.add(new Course(report).section());
    sections.addAll(new Found(report).sections());
    if (before != null) {
      sections.add(new Differences(before, report).section());
    }
    sections.add(NextCommands.section(report));
    return sections;
  }
}
