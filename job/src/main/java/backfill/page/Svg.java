package backfill.page;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Plots, as SVG inside of HTML; what a plot says is told by its label, too. */
final class Svg {
  private static final int WIDTH = 720;
  private static final int LEFT = 56;
  private static final int HEIGHT = 160;
  private static final int FLOOR = HEIGHT - 24;
  private static final int TICKS = 4;

  private final StringBuilder text = new StringBuilder();

  private Svg() {}

  /** Rows per second over time; pauses are bands behind it. */
  static String of(Block.RateChart rates) {
    Svg plot = new Svg();
    long most = nice(rates.rates().stream().mapToLong(Block.Rate::perSecond).max().orElse(1));
    plot.begin(HEIGHT, label(rates, most));
    plot.axes(most, rates.wholeMs());
    for (Block.Span held : rates.held()) {
      plot.rectangle(
          "held",
          x(held.fromMs(), rates.wholeMs()),
          8,
          width(held.lengthMs(), rates.wholeMs()),
          FLOOR - 8,
          "paused by " + held.label() + " for " + Numbers.millis(held.lengthMs()));
    }
    for (Block.Rate rate : rates.rates()) {
      double height = (double) (FLOOR - 8) * rate.perSecond() / most;
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

  private void axes(long most, long wholeMs) {
    for (int tick = 0; tick <= TICKS; tick++) {
      double y = FLOOR - (double) (FLOOR - 8) * tick / TICKS;
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
              shortly(most * tick / TICKS)));
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
    int time = 70;
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
  private static long nice(long number) {
    long power = 1;
    while (power * 10 <= number) {
      power *= 10;
    }
    for (long step : new long[] {1, 2, 5}) {
      if (step * power >= number) {
        return step * power;
      }
    }
    return 10 * power;
  }

  private static String shortly(long number) {
    return number >= 1_000_000
        ? String.format(Locale.ROOT, "%.4gM", number / 1e6).replaceAll("\\.?0+M", "M")
        : number >= 1_000
            ? String.format(Locale.ROOT, "%.4gk", number / 1e3).replaceAll("\\.?0+k", "k")
            : Long.toString(number);
  }
}
