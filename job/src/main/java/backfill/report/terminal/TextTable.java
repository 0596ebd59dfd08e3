package backfill.report.terminal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Rows under a head, as a table where the width allows it, else as a block for each row: its first
 * cell, then the others below each other, with what the head calls them.
 */
public final class TextTable {
  private static final String BETWEEN = "  ";

  private final String indent;
  private final BitSet numbers;
  private final List<String[]> rows;

  /**
   * @param numbers which columns are flush right
   * @param rows the head is the first
   */
  public TextTable(String indent, BitSet numbers, List<String[]> rows) {
    this.indent = indent;
    this.numbers = numbers;
    this.rows = List.copyOf(rows);
  }

  /** Takes a column out where no row has anything in it. */
  public static void withoutEmpty(List<String[]> rows, int column) {
    if (rows.stream().skip(1).allMatch(row -> row[column].isEmpty())) {
      rows.replaceAll(row -> without(row, column));
    }
  }

  private static String[] without(String[] row, int column) {
    List<String> cells = new ArrayList<>(List.of(row));
    cells.remove(column);
    return cells.toArray(String[]::new);
  }

  public List<String> lines(int width) {
    List<String> table = rows.stream().map(this::line).toList();
    return table.stream().allMatch(line -> line.length() <= width) ? table : blocks(width);
  }

  private String line(String[] row) {
    List<String> cells = new ArrayList<>();
    for (int i = 0; i < row.length; i++) {
      int column = i;
      int widest = rows.stream().mapToInt(r -> r[column].length()).max().orElse(0);
      cells.add(padded(row[i], widest, numbers.get(i)));
    }
    return (indent + String.join(BETWEEN, cells)).stripTrailing();
  }

  private List<String> blocks(int width) {
    String[] head = rows.get(0);
    int label = Arrays.stream(head).mapToInt(String::length).max().orElse(0);
    int widest =
        rows.stream()
            .skip(1)
            .flatMapToInt(row -> numbers.stream().map(i -> row[i].length()))
            .max()
            .orElse(0);
    List<String> lines = new ArrayList<>();
    for (String[] row : rows.subList(1, rows.size())) {
      lines.add(indent + row[0]);
      for (int i = 1; i < row.length; i++) {
        if (!row[i].isEmpty()) {
          String before = indent + BETWEEN + padded(head[i], label, false) + BETWEEN;
          String cell = numbers.get(i) ? padded(row[i], widest, true) : row[i];
          lines.addAll(Folded.line(before + cell, width, width, before.length()));
        }
      }
    }
    return lines;
  }

  private static String padded(String text, int width, boolean right) {
    String blanks = " ".repeat(Math.max(0, width - text.length()));
    return right ? blanks + text : text + blanks;
  }
}
