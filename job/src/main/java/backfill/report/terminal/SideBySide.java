package backfill.report.terminal;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The demo's last word: the same figures of two runs in two columns, as text. */
public record SideBySide(Column first, Column second) {
  private static final String NOT_THERE = "-";

  /** One figure of a run; the value is ready to print, with its unit where it has one. */
  public record Figure(String label, String value) {}

  /** A run and its figures, in the order in which they are printed. */
  public record Column(String heading, List<Figure> figures) {
    public Column {
      figures = List.copyOf(figures);
      Set<String> labels = new LinkedHashSet<>();
      for (Figure figure : figures) {
        if (!labels.add(figure.label())) {
          throw new IllegalArgumentException(
              "a column shows each label once, got " + figure.label() + " twice under " + heading);
        }
      }
    }

    private Map<String, String> byLabel() {
      Map<String, String> values = new LinkedHashMap<>();
      figures.forEach(figure -> values.put(figure.label(), figure.value()));
      return values;
    }
  }

  /**
   * Labels on the left, values flush right; a figure that only one run has is a dash in the other.
   */
  public String text() {
    Map<String, String> left = first.byLabel();
    Map<String, String> right = second.byLabel();
    Set<String> labels = new LinkedHashSet<>(left.keySet());
    labels.addAll(right.keySet());
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"", first.heading(), second.heading()});
    for (String label : labels) {
      rows.add(
          new String[] {
            label, left.getOrDefault(label, NOT_THERE), right.getOrDefault(label, NOT_THERE)
          });
    }
    BitSet numbers = new BitSet();
    numbers.set(1, 3);
    return String.join("\n", new TextTable("", numbers, rows).lines(Integer.MAX_VALUE)) + "\n";
  }
}
