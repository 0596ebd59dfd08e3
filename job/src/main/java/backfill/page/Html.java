package backfill.page;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** A page in HTML that needs nothing else: style, plots and the report's JSON are inside of it. */
final class Html {
  private final StringBuilder text = new StringBuilder();

  private Html() {}

  /**
   * @param mood good, fair or bad: the colour of its head
   * @param report goes into it as it is, for programs
   */
  static String page(String title, String mood, List<Section> sections, JsonNode report) {
    Html page = new Html();
    page.text.append(
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <link rel="icon" href="data:,">
        <title>%1$s</title>
        <style>
        %2$s</style>
        </head>
        <body>
        <header class="%3$s"><h1>%1$s</h1></header>
        <nav aria-label="Sections"><ul>
        """
            .formatted(escaped(title), style(), mood));
    for (Section section : sections) {
      page.text.append(
          "<li><a href=\"#%s\">%s</a></li>%n".formatted(section.id(), escaped(section.title())));
    }
    page.text.append("</ul></nav>\n<main>\n");
    for (Section section : sections) {
      page.text.append(
          "<section id=\"%1$s\" aria-labelledby=\"%1$s-title\"><h2 id=\"%1$s-title\">%2$s</h2>%n"
              .formatted(section.id(), escaped(section.title())));
      section.blocks().forEach(page::add);
      page.text.append("</section>\n");
    }
    // Inside of a script element the only thing that HTML looks for is what may end it.
    page.text
        .append("</main>\n<script type=\"application/json\" id=\"report\">\n")
        .append(report.toPrettyString().replace("<", "\\u003c"))
        .append("\n</script>\n</body>\n</html>\n");
    return page.text.toString();
  }

  private static String style() {
    try (InputStream css = Html.class.getResourceAsStream("/page/style.css")) {
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void add(Block block) {
    if (block instanceof Block.Text paragraph) {
      element("p", paragraph.text());
    } else if (block instanceof Block.Items list) {
      text.append("<ul>\n");
      list.items().forEach(item -> element("li", item));
      text.append("</ul>\n");
    } else if (block instanceof Block.Shell commands) {
      element("pre", String.join("\n", commands.lines()));
    } else if (block instanceof Block.Table table) {
      table(table);
    } else if (block instanceof Block.BarChart bars) {
      bars(bars);
    } else if (block instanceof Block.Waterfall spans) {
      figure(spans.title(), Svg.of(spans));
    } else if (block instanceof Block.RateChart rates) {
      figure(rates.title(), Svg.of(rates));
    }
  }

  private void element(String name, String content) {
    String focus = name.equals("pre") ? " tabindex=\"0\"" : "";
    text.append("<%1$s%3$s>%2$s</%1$s>%n".formatted(name, escaped(content), focus));
  }

  private void figure(String title, String plot) {
    text.append("<figure><figcaption>%s</figcaption>%s</figure>%n".formatted(escaped(title), plot));
  }

  /** Wide ones scroll by themselves, by the keyboard too, and never the page. */
  private void table(Block.Table table) {
    text.append(
        "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"%s\"><table><thead><tr>"
            .formatted(escaped(String.join(", ", table.head()))));
    for (int i = 0; i < table.head().size(); i++) {
      text.append(
          "<th scope=\"col\"%s>%s</th>".formatted(kind(i, table), escaped(table.head().get(i))));
    }
    text.append("</tr></thead><tbody>\n");
    for (Block.TableRow row : table.rows()) {
      text.append(row.bad() ? "<tr class=\"bad\">" : "<tr>");
      for (int i = 0; i < row.cells().size(); i++) {
        text.append("<td%s>%s</td>".formatted(kind(i, table), escaped(row.cells().get(i))));
      }
      text.append("</tr>\n");
    }
    text.append("</tbody></table></div>\n");
  }

  private static String kind(int column, Block.Table table) {
    return column < table.texts() ? "" : " class=\"number\"";
  }

  private void bars(Block.BarChart bars) {
    text.append(
        "<figure><figcaption>%s</figcaption><table class=\"bars\"><tbody>%n"
            .formatted(escaped(bars.title())));
    for (Block.Bar bar : bars.bars()) {
      text.append(
          String.format(
              Locale.ROOT,
              "<tr%s><th scope=\"row\">%s</th><td><span class=\"bar\"><span style=\"width:%.1f%%\"></span></span></td>"
                  + "<td class=\"number\">%s</td></tr>%n",
              bar.bad() ? " class=\"bad\"" : "",
              escaped(bar.label()),
              100 * bar.share(),
              escaped(bar.text())));
    }
    text.append("</tbody></table></figure>\n");
  }

  /** As text or as an attribute's value. */
  static String escaped(String plain) {
    return plain
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
