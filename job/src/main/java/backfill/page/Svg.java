package backfill.page;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Plots, as SVG inside of HTML; what a plot says is told by its label, too. */
final class Svg {
  private static final int WIDTH = 720;
  private static final int LEFT = 56;
  private static final int TOP = 30;
  private static final int HEIGHT = 180;
  private static final int FLOOR = HEIGHT - 24;
  private static final int TICKS = 4;

  private final StringBuilder text = new StringBuilder();

  private Svg() {}

  /** Rows per second over time; pauses are bands behind it. */
  static String of(Block.RateChart rates) {
    Svg plot = new Svg();
    long most = nice(rates.rates().stream().mapToLong(Block.Rate::perSecond).max().orElse(1));
    plot.begin(HEIGHT, label(rates, most));
    plot.legend(rates);
    plot.axes(most, rates.wholeMs());
    for (Block.Span held : rates.held()) {
      plot.rectangle(
          "held",
          x(held.fromMs(), rates.wholeMs()),
          TOP,
          width(held.lengthMs(), rates.wholeMs()),
          FLOOR - TOP,
          "paused by " + held.label() + " for " + Numbers.millis(held.lengthMs()));
    }
    for (Block.Rate rate : rates.rates()) {
      double height = (double) (FLOOR - TOP) * rate.perSecond() / most;
      plot.rectangle(
          "of-" + rate.when().label(),
          x(rate.when().fromMs(), rates.wholeMs()),
          FLOOR - height,
          width(rate.when().lengthMs(), rates.wholeMs()),
          height,
          rate.when().label() + ": " + Numbers.count(rate.perSecond()) + " rows/s");
    }
    return plot.end();
  }

  private static String label(Block.RateChart rates, long most) {
    Map<String, Long> rows = new LinkedHashMap<>();
    rates.rates().forEach(rate -> rows.merge(rate.when().label(), rate.rows(), Long::sum));
    StringBuilder words = new StringBuilder(rates.title() + ", up to " + Numbers.count(most));
    rows.forEach(
        (stage, sum) ->
            words
                .append("; ")
                .append(stage)
                .append(": ")
                .append(Numbers.count(sum))
                .append(" rows"));
    return words.toString();
  }

  /** What each colour stands for. */
  private void legend(Block.RateChart rates) {
    Map<String, String> kinds = new LinkedHashMap<>();
    rates.rates().forEach(rate -> kinds.put("of-" + rate.when().label(), rate.when().label()));
    if (!rates.held().isEmpty()) {
      kinds.put("held", "paused");
    }
    int x = LEFT;
    for (Map.Entry<String, String> kind : kinds.entrySet()) {
      rectangle(kind.getKey(), x, 4, 12, 12, kind.getValue());
      text.append(
          "<text x=\"%d\" y=\"15\">%s</text>".formatted(x + 18, Html.escaped(kind.getValue())));
      x += 110;
    }
  }

  private void axes(long most, long wholeMs) {
    for (int tick = 0; tick <= TICKS; tick++) {
      double y = FLOOR - (double) (FLOOR - TOP) * tick / TICKS;
      text.append(
          String.format(
              Locale.ROOT,
              "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
              LEFT,
              WIDTH,
              y,
              y,
              LEFT - 4,
              y + 4,
              shortly((double) most * tick / TICKS)));
      String anchor = tick == 0 ? "start" : tick == TICKS ? "end" : "middle";
      text.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>",
              x(wholeMs * tick / TICKS, wholeMs),
              HEIGHT - 6,
              anchor,
              Numbers.millis(wholeMs * tick / TICKS)));
    }
  }

  /** The stages, each where it was in time. */
  static String of(Block.Waterfall spans) {
    Svg plot = new Svg();
    int row = 22;
    int name = 90;
    int time = 100;
    List<Block.Span> all = spans.spans();
    StringBuilder words = new StringBuilder(spans.title());
    all.forEach(
        span ->
            words
                .append("; ")
                .append(span.label())
                .append(": ")
                .append(Numbers.millis(span.lengthMs())));
    plot.begin(row * all.size(), words.toString());
    double scale = (double) (WIDTH - name - time) / spans.wholeMs();
    for (int i = 0; i < all.size(); i++) {
      Block.Span span = all.get(i);
      double from = name + span.fromMs() * scale;
      double length = Math.max(1, span.lengthMs() * scale);
      plot.text.append(
          String.format(
              Locale.ROOT,
              "<text x=\"0\" y=\"%d\">%s</text><text x=\"%.1f\" y=\"%d\">%s</text>",
              row * i + 15,
              Html.escaped(span.label()),
              from + length + 4,
              row * i + 15,
              Numbers.millis(span.lengthMs())));
      plot.rectangle("of-" + span.label(), from, row * i + 4, length, row - 8, span.label());
    }
    return plot.end();
  }

  private void begin(int height, String label) {
    text.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
            .formatted(WIDTH, height, Html.escaped(label)));
  }

  private String end() {
    return text.append("</svg>").toString();
  }

  private void rectangle(
      String kind, double x, double y, double width, double height, String title) {
    text.append(
        String.format(
            Locale.ROOT,
            "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>%s</title></rect>",
            Html.escaped(kind),
            x,
            y,
            width,
            height,
            Html.escaped(title)));
  }

  private static double x(long ms, long wholeMs) {
    return LEFT + (double) (WIDTH - LEFT) * Math.min(ms, wholeMs) / wholeMs;
  }

  private static double width(long ms, long wholeMs) {
    return Math.max(1, (double) (WIDTH - LEFT) * ms / wholeMs);
  }

  /** The next number that begins with 1, 2 or 5, and ends in zeros. */
  static long nice(long number) {
    double power = Math.pow(10, Math.floor(Math.log10(Math.max(1, number))));
    for (int step : new int[] {1, 2, 5}) {
      if (step * power >= number) {
        return (long) (step * power);
      }
    }
    return (long) (10 * power);
  }

  static String shortly(double number) {
    String unit = number >= 1e9 ? "G" : number >= 1e6 ? "M" : number >= 1e3 ? "k" : "";
    double one = number >= 1e9 ? 1e9 : number >= 1e6 ? 1e6 : number >= 1e3 ? 1e3 : 1;
    return BigDecimal.valueOf(number / one)
            .setScale(2, RoundingMode.HALF_UP)
            .stripTrailingZeros()
            .toPlainString()
        + unit;
  }
}
