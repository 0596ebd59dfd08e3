package backfill.page;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A page in Markdown, for a ticket: what a picture shows is a table here.
 *
 * @see <a href="https://github.github.com/gfm/">GitHub Flavored Markdown</a>
 */
final class MarkdownPage {
  private final StringBuilder text = new StringBuilder();

  private MarkdownPage() {}

  static String of(String title, List<Section> sections) {
    MarkdownPage page = new MarkdownPage();
    page.text.append("# ").append(escaped(title)).append('\n');
    for (Section section : sections) {
      page.text.append("\n## ").append(escaped(section.title())).append('\n');
      section.blocks().forEach(page::add);
    }
    return page.text.toString();
  }

  private void add(Block block) {
    text.append('\n');
    if (block instanceof Block.Text paragraph) {
      text.append(atLineStart(paragraph.text())).append('\n');
    } else if (block instanceof Block.Items list) {
      list.items().forEach(item -> text.append("- ").append(atLineStart(item)).append('\n'));
    } else if (block instanceof Block.Shell commands) {
      shell(String.join("\n", commands.lines()));
    } else if (block instanceof Block.Table table) {
      table(table);
    } else if (block instanceof Block.BarChart bars) {
      table(
          new Block.Table(
              List.of(bars.title(), "Amount"),
              1,
              bars.bars().stream()
                  .map(bar -> new Block.TableRow(List.of(bar.label(), bar.text()), bar.bad()))
                  .toList()));
    } else if (block instanceof Block.Waterfall spans) {
      table(
          new Block.Table(
              List.of(spans.title(), "Time", "Share"),
              1,
              spans.spans().stream()
                  .map(
                      span ->
                          Block.TableRow.of(
                              span.label(),
                              Numbers.millis(span.lengthMs()),
                              String.format(
                                  Locale.ROOT,
                                  "%.0f %%",
                                  100.0 * span.lengthMs() / spans.wholeMs())))
                  .toList()));
    } else if (block instanceof Block.RateChart rates) {
      table(
          new Block.Table(
              List.of(rates.title(), "From", "Rows", "Rows/s"),
              1,
              rates.rates().stream()
                  .map(
                      rate ->
                          Block.TableRow.of(
                              rate.when().label(),
                              Numbers.millis(rate.when().fromMs()),
                              Numbers.count(rate.rows()),
                              Numbers.count(rate.perSecond())))
                  .toList()));
    }
  }

  /** Between fences that are longer than any in it. */
  private void shell(String commands) {
    String fence = "```";
    while (commands.contains(fence)) {
      fence += "`";
    }
    text.append(fence).append("sh\n").append(commands).append('\n').append(fence).append('\n');
  }

  private void table(Block.Table table) {
    List<String> rule = new ArrayList<>(Collections.nCopies(table.texts(), "---"));
    rule.addAll(Collections.nCopies(table.head().size() - table.texts(), "---:"));
    line(table.head());
    line(rule);
    for (Block.TableRow row : table.rows()) {
      List<String> cells = row.cells().stream().map(MarkdownPage::escaped).toList();
      line(row.bad() ? cells.stream().map(cell -> "**" + cell + "**").toList() : cells);
    }
  }

  private void line(List<String> cells) {
    text.append(cells.stream().collect(Collectors.joining(" | ", "| ", " |"))).append('\n');
  }

  /** As a text that nothing of is taken for markup, in one line. */
  private static String escaped(String plain) {
    return plain.replaceAll("\\s+", " ").strip().replaceAll("([\\\\`*_{}\\[\\]<>|#~&])", "\\\\$1");
  }

  /** The same where it begins a line: there it is no list either, and no rule. */
  private static String atLineStart(String plain) {
    return escaped(plain)
        .replaceFirst("^([-+])", "\\\\$1")
        .replaceFirst("^([0-9]{1,9})([.)])(?= |$)", "$1\\\\$2");
  }
}
