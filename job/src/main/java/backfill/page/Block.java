package backfill.page;

import java.util.List;

/** One thing that a page shows, whatever the page is written in. */
sealed interface Block {

  /** A paragraph. */
  record Text(String text) implements Block {}

  /** Sentences that stand for themselves. */
  record Items(List<String> items) implements Block {
    public Items {
      items = List.copyOf(items);
    }
  }

  /** Lines to paste into a shell. */
  record Shell(List<String> lines) implements Block {
    public Shell {
      lines = List.copyOf(lines);
    }
  }

  /**
   * Rows under a head.
   *
   * @param texts how many columns at the left are words; those after them are numbers
   */
  record Table(List<String> head, int texts, List<TableRow> rows) implements Block {
    public Table {
      head = List.copyOf(head);
      rows = List.copyOf(rows);
    }
  }

  /**
   * One row of a table.
   *
   * @param bad whether it is a fault
   */
  record TableRow(List<String> cells, boolean bad) {
    public TableRow {
      cells = List.copyOf(cells);
    }

    static TableRow of(String... cells) {
      return new TableRow(List.of(cells), false);
    }
  }

  /** Amounts, each beside what bounds it. */
  record BarChart(String title, List<Bar> bars) implements Block {
    public BarChart {
      bars = List.copyOf(bars);
    }
  }

  /**
   * One amount.
   *
   * @param share of what the whole length stands for, 0 to 1
   * @param text the amount and its bound, in words
   * @param bad whether it is past the bound
   */
  record Bar(String label, double share, String text, boolean bad) {
    /** A report that was torn may have a part that is more than the whole, or less than nothing. */
    public Bar {
      share = Math.max(0, Math.min(1, share));
    }
  }

  /**
   * What lasted from when to when, a line each.
   *
   * @param wholeMs what the whole length stands for, in milliseconds
   */
  record Waterfall(String title, long wholeMs, List<Span> spans) implements Block {
    public Waterfall {
      spans = List.copyOf(spans);
    }
  }

  /** From when, since the start, and how long, in milliseconds. */
  record Span(String label, long fromMs, long lengthMs) {}

  /**
   * How fast rows went, over time.
   *
   * @param wholeMs how long the run lasted
   * @param held when the writers were paused
   */
  record RateChart(String title, long wholeMs, List<Rate> rates, List<Span> held) implements Block {
    public RateChart {
      rates = List.copyOf(rates);
      held = List.copyOf(held);
    }
  }

  /** So many rows in this time; a rate is their quotient. */
  record Rate(Span when, long rows) {
    long perSecond() {
      return rows * 1000 / Math.max(1, when.lengthMs());
    }
  }
}
