package backfill;

import backfill.postgres.Waits;
import backfill.spark.Activity;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Says what a run is doing, so that it never looks like one that hangs: a line whenever something
 * is worth one, and at the latest after the interval; on a terminal a bar that is drawn over
 * itself. When nothing has moved for a second, a line says what is waited for. A daemon thread
 * prints; any thread may tell it something.
 */
final class Progress implements AutoCloseable {
  private static final Logger LOG = LogManager.getLogger("backfill");
  private static final long TICK_MILLIS = 200;
  private static final int BAR = 24;

  /** A progress line is late rather than without the reason, but not by more than this. */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  /** What has not moved for this long is said to stand still. */
  private static final Duration STILL = Duration.ofSeconds(1);

  private final Duration every;
  private final PrintStream terminal;
  private final Thread thread = new Thread(this::tick, "progress");
  private Waits waits;
  private Activity activity;
  private LongSupplier changed;
  private Doing doing;
  private long lastLineNanos = System.nanoTime();
  private long movedNanos = lastLineNanos;
  private long rowsSeen;
  private long tasksSeen;
  private boolean barShown;
  private volatile boolean closed;

  /** What lasts, since when, and how many rows it will be; 0 where nobody knows. */
  private record Doing(Stage stage, String what, long total, long sinceNanos) {}

  /**
   * @param every the longest time without a line
   * @param terminal where a bar may be drawn, or null
   */
  Progress(Duration every, PrintStream terminal) {
    this.every = every;
    this.terminal = terminal;
    thread.setDaemon(true);
    thread.start();
  }

  /** From now on a line says what the server is waiting for. */
  synchronized void watch(Waits server) {
    this.waits = server;
  }

  /** From now on a line says how many rows were read or written. */
  synchronized void count(Activity counted) {
    this.activity = counted;
  }

  /** Until the next part begins, a line says how far this has come. */
  synchronized void count(LongSupplier rows) {
    this.changed = rows;
  }

  private long rows() {
    if (changed != null) {
      return changed.getAsLong();
    }
    return activity == null ? 0 : activity.rows();
  }

  /** A stage, or a part of one, begins. */
  synchronized void doing(Stage stage, String what, long total) {
    doing = new Doing(stage, what, total, System.nanoTime());
    changed = null;
    rowsSeen = 0;
    tasksSeen = 0;
    movedNanos = System.nanoTime();
    if (activity != null) {
      // Between reading and writing Spark works on rows that it keeps: they would count twice.
      activity.count(
          switch (stage) {
            case READ -> Activity.Rows.READ;
            case WRITE -> Activity.Rows.WRITTEN;
            default -> Activity.Rows.NONE;
          });
    }
  }

  /** A line of its own, now. */
  synchronized void say(String line) {
    clearBar();
    LOG.info(line);
    lastLineNanos = System.nanoTime();
  }

  /** A line that somebody should act on. */
  synchronized void warn(String line) {
    clearBar();
    LOG.warn(line);
    lastLineNanos = System.nanoTime();
  }

  private void tick() {
    while (!closed) {
      try {
        Thread.sleep(TICK_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
      synchronized (this) {
        if (doing != null && !closed) {
          look();
          drawBar();
          if (System.nanoTime() - lastLineNanos >= every.toNanos()) {
            say(line());
          }
        }
      }
    }
  }

  /** Notes whether anything moved since it was last called. */
  private void look() {
    long rows = rows();
    long tasks = activity == null ? 0 : activity.tasks();
    if (rows > rowsSeen || tasks > tasksSeen) {
      movedNanos = System.nanoTime();
    }
    rowsSeen = rows;
    tasksSeen = tasks;
  }

  private String line() {
    look();
    long now = System.nanoTime();
    long rows = rowsSeen;
    boolean moved = now - movedNanos < STILL.toNanos();
    StringBuilder line = new StringBuilder(doing.stage + " " + doing.what + ": ");
    line.append(rows > 0 ? rate(rows, now) : nothingYet(now));
    // The driver's own part of a stage counts no rows: only the server knows whether it is stuck.
    Optional<String> blocked = moved || waits == null ? Optional.empty() : waits.current(PATIENCE);
    if (blocked.isPresent()) {
      line.append(", nothing moved for ").append(seconds(now - movedNanos));
      line.append(" s; waits for ").append(blocked.get());
    }
    return line.toString();
  }

  private String nothingYet(long now) {
    String none = doing.total > 0 ? String.format(Locale.ROOT, "0 of %,d rows, ", doing.total) : "";
    return none + seconds(now - doing.sinceNanos) + " s";
  }

  private String rate(long rows, long now) {
    double elapsed = Math.max(0.001, (now - doing.sinceNanos) / 1e9);
    long perSecond = Math.max(1, Math.round(rows / elapsed));
    if (doing.total <= 0) {
      return String.format(Locale.ROOT, "%,d rows, %,d rows/s", rows, perSecond);
    }
    return String.format(
        Locale.ROOT,
        "%,d of %,d rows (%d %%), %,d rows/s, %d s left",
        rows,
        doing.total,
        Math.min(100, 100 * rows / doing.total),
        perSecond,
        Math.max(0, (doing.total - rows) / perSecond));
  }

  private void drawBar() {
    if (terminal == null || doing.total <= 0 || activity == null && changed == null) {
      return;
    }
    terminal.print("\r" + bar(rows()) + "\033[K");
    terminal.flush();
    barShown = true;
  }

  /** In one line of the terminal: one that wraps cannot be drawn over. */
  private String bar(long rows) {
    int room = Math.max(0, Terminal.columns() - 1);
    long now = System.nanoTime();
    String rate = rows > 0 ? rate(rows, now) : nothingYet(now);
    int width = Math.min(BAR, room - rate.length() - "[] ".length());
    if (width < 1) {
      return rate.substring(0, Math.min(rate.length(), room));
    }
    int filled = (int) Math.min(width, width * rows / doing.total);
    return "[" + "=".repeat(filled) + " ".repeat(width - filled) + "] " + rate;
  }

  private void clearBar() {
    if (barShown) {
      terminal.print("\r\033[K");
      terminal.flush();
      barShown = false;
    }
  }

  private static long seconds(long nanos) {
    return Math.round(nanos / 1e9);
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    synchronized (this) {
      clearBar();
      if (waits != null) {
        waits.close();
      }
    }
  }
}
