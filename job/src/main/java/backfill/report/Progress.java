package backfill.report;

import backfill.plan.Amount;
import backfill.postgres.server.DaemonThread;
import backfill.postgres.server.Waits;
import backfill.report.terminal.Folded;
import backfill.report.terminal.Terminal;
import backfill.report.terminal.TerminalBar;
import backfill.spark.engine.Activity;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Says what a run is doing, so that it never looks like one that hangs: a line whenever something
 * is worth one, and at the latest after the interval; on a terminal a bar that is drawn over
 * itself. When nothing has moved for a second, a line says what is waited for. A daemon thread
 * prints; any thread may tell it something.
 */
public final class Progress implements AutoCloseable {
  private static final Logger LOG = LogManager.getLogger("backfill");
  private static final long TICK_MILLIS = 200;

  /** As in {@code 12:00:00 INFO }. */
  private static final int BEFORE_A_LINE = 15;

  private static final Activity.Seen NOTHING = new Activity.Seen(List.of(), 0, 0, 0, 0);

  /** A progress line is late rather than without the reason, but not by more than this. */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  /** What has not moved for this long is said to stand still. */
  private static final Duration STILL = Duration.ofSeconds(1);

  /** Where no blocker is known, standing still is said only after this. */
  private static final Duration LONG_STILL = Duration.ofSeconds(5);

  private final Duration every;
  private final TerminalBar bar;
  private final boolean quiet;
  private final Thread thread = DaemonThread.of("progress", this::tick);
  private Waits waits;
  private Activity activity;
  private LongSupplier changed;
  private Doing doing;
  private Pace pace;
  private Activity.Seen seen = NOTHING;
  private Supplier<Optional<String>> throttle = Optional::empty;
  private final Timeline timeline = new Timeline();
  private long lookedNanos;
  private long countedRows;
  private String awaited;
  private long lastLineNanos = System.nanoTime();
  private long movedNanos = lastLineNanos;
  private volatile boolean closed;

  /** What lasts, and since when. */
  private record Doing(Stage stage, String what, long sinceNanos) {}

  /**
   * @param every the longest time without a line
   * @param err where a bar is drawn, if that is a terminal
   * @param quiet whether nothing but warnings is said
   */
  public Progress(Duration every, PrintStream err, boolean quiet) {
    this.every = every;
    this.bar = new TerminalBar(quiet ? null : Terminal.of(err));
    this.quiet = quiet;
    thread.start();
  }

  /** From now on a line says what the server is waiting for. */
  public synchronized void watch(Waits server) {
    this.waits = server;
  }

  /** From now on a line says how many rows were read or written. */
  public synchronized void count(Activity counted) {
    this.activity = counted;
  }

  /** Until the next part begins, a line says how far this has come. */
  public synchronized void count(LongSupplier rows) {
    this.changed = rows;
  }

  /** Until the next part begins, a line says that it waits for this. */
  public synchronized void waitsFor(String what) {
    this.awaited = what;
  }

  /**
   * From now on a line names what slows the writers down, or pauses them.
   *
   * @param holds what does so now, with its reading; null where nothing can any more
   */
  public synchronized void throttledBy(Supplier<Optional<String>> holds) {
    this.throttle = holds == null ? Optional::empty : holds;
  }

  /**
   * A stage, or a part of one, begins.
   *
   * @param total how many rows it will be; 0 where that is not known
   */
  public synchronized void doing(Stage stage, String what, long total) {
    if (doing != null) {
      look();
    }
    long now = System.nanoTime();
    lookedNanos = now;
    doing = new Doing(stage, what, now);
    pace = new Pace(total, now);
    changed = null;
    awaited = null;
    seen = NOTHING;
    movedNanos = now;
    if (activity != null) {
      // Between reading and writing Spark works on rows that it keeps: they would count twice.
      activity.count(
          switch (stage) {
            case READ -> Activity.Rows.READ;
            case WRITE -> Activity.Rows.WRITTEN;
            default -> Activity.Rows.NONE;
          });
    }
    countedRows = activity == null ? 0 : activity.seen().allRows();
  }

  /** A line of its own, now. */
  public synchronized void say(String line) {
    bar.clear();
    if (!quiet) {
      LOG.info(fitting(line));
    }
    lastLineNanos = System.nanoTime();
  }

  /** A line that someone should act on. */
  public synchronized void warn(String line) {
    bar.clear();
    LOG.warn(fitting(line));
    lastLineNanos = System.nanoTime();
  }

  /** On a terminal broken between words, behind the time and the level that stand before a line. */
  private static String fitting(String text) {
    int width = Terminal.width();
    if (width == Integer.MAX_VALUE) {
      return text;
    }
    List<String> lines = text.lines().toList();
    List<String> folded =
        new ArrayList<>(Folded.line(lines.get(0), width - BEFORE_A_LINE, width, BEFORE_A_LINE));
    lines.stream().skip(1).forEach(line -> folded.addAll(Folded.lines(line, width)));
    return String.join(System.lineSeparator(), folded);
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
          if (pace.total() > 0 && (activity != null || changed != null)) {
            bar.draw(pace.percent(), () -> done(System.nanoTime()));
          }
          if (System.nanoTime() - lastLineNanos >= every.toNanos()) {
            say(line());
          }
        }
      }
    }
  }

  /** Notes what has moved since it was last called. */
  private void look() {
    long now = System.nanoTime();
    Activity.Seen latest = activity == null ? NOTHING : activity.seen();
    if (doing.stage == Stage.READ && !latest.what().equals(seen.what())) {
      pace = new Pace(0, now);
      movedNanos = now;
    }
    long rows = changed == null ? latest.rows() : changed.getAsLong();
    if (rows > pace.rows() || latest.tasksDone() > seen.tasksDone()) {
      movedNanos = now;
    }
    pace.mark(rows, now);
    seen = latest;
    // Of a read that is over the pace knows nothing any more.
    long all = changed == null ? latest.allRows() : rows;
    timeline.add(new Timeline.Part(doing.stage, what(), lookedNanos, now, all - countedRows));
    countedRows = all;
    lookedNanos = now;
  }

  /** How many rows were read and written when, so far. */
  synchronized List<Timeline.Part> timeline() {
    if (doing != null) {
      look();
    }
    return timeline.parts();
  }

  /**
   * How far the present part has come.
   *
   * @param stage null before the first
   * @param rows that it has read or written
   * @param rowsPerSecond empty where it is not known yet
   * @param still since when no row has moved
   */
  public record Now(
      Stage stage,
      long rows,
      OptionalLong rowsPerSecond,
      OptionalLong secondsLeft,
      Duration still) {}

  public synchronized Now now() {
    if (doing == null) {
      return new Now(null, 0, OptionalLong.empty(), OptionalLong.empty(), Duration.ZERO);
    }
    look();
    long now = System.nanoTime();
    return new Now(
        doing.stage,
        pace.rows(),
        pace.rowsPerSecond(now),
        pace.secondsLeft(now),
        Duration.ofNanos(now - movedNanos));
  }

  private String line() {
    look();
    long now = System.nanoTime();
    Duration still = Duration.ofNanos(now - movedNanos);
    StringBuilder line = new StringBuilder(doing.stage + " " + what() + ": ").append(done(now));
    // The driver's own part of a stage counts no rows: only the server knows whether it is stuck.
    Optional<String> held = throttle.get();
    Optional<String> blocked =
        still.compareTo(STILL) < 0 ? Optional.empty() : held.or(this::waitedFor);
    boolean counted = pace.rows() > 0 || pace.total() > 0;
    if (blocked.isPresent() || counted && still.compareTo(LONG_STILL) >= 0) {
      line.append(", nothing moved for ").append(seconds(still.toNanos())).append(" s");
    }
    blocked.ifPresent(by -> line.append("; waits for ").append(by));
    if (blocked.isEmpty()) {
      held.ifPresent(by -> line.append("; held back by ").append(by));
    }
    return line.toString();
  }

  private Optional<String> waitedFor() {
    return awaited != null || waits == null
        ? Optional.ofNullable(awaited)
        : waits.current(PATIENCE);
  }

  /** Reads run beside each other: all of those that do. */
  private String what() {
    String stage = doing.stage + " ";
    List<String> reads =
        seen.what().stream()
            .filter(each -> doing.stage == Stage.READ && each.startsWith(stage))
            .map(each -> each.substring(stage.length()))
            .toList();
    return reads.isEmpty() ? doing.what : String.join(", ", reads);
  }

  /** How far it has come, in rows; where none was seen, in Spark's tasks and in time. */
  private String done(long now) {
    long rows = pace.rows();
    List<String> parts = new ArrayList<>();
    if (pace.total() > 0) {
      parts.add(
          String.format(Locale.ROOT, "%,d of %s", rows, Sentences.rows(pace.total()))
              + (rows > 0 ? " (" + pace.percent() + " %)" : ""));
    } else if (rows > 0) {
      parts.add(Sentences.rows(rows));
    }
    OptionalLong rate = pace.rowsPerSecond(now);
    if (rate.isPresent()) {
      parts.add(String.format(Locale.ROOT, "%,d rows/s", rate.getAsLong()));
      pace.secondsLeft(now)
          .ifPresent(left -> parts.add(String.format(Locale.ROOT, "%,d s left", left)));
    } else {
      if (rows == 0 && seen.tasks() > 0) {
        parts.add(
            String.format(
                Locale.ROOT, "%,d of %s", seen.tasksDone(), Amount.of(seen.tasks(), "task")));
      }
      parts.add(seconds(now - doing.sinceNanos) + " s");
    }
    return String.join(", ", parts);
  }

  private static long seconds(long nanos) {
    return Math.round(nanos / 1e9);
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    synchronized (this) {
      bar.clear();
      if (waits != null) {
        waits.close();
      }
    }
  }
}
