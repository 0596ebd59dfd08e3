package backfill.testing;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;

/**
 * Every line that our loggers say while it is open, from the given level up, and when they said it.
 */
public final class TestingLog implements AutoCloseable {
  private static final String OURS = "backfill";

  private final List<Line> lines = new ArrayList<>();
  private final LoggerContext context = (LoggerContext) LogManager.getContext(false);
  private final LoggerConfig logger;

  /** One line, with the text of what was thrown. */
  public record Line(long millis, String thread, String text) {}

  public TestingLog(Level level) {
    AbstractAppender appender =
        new AbstractAppender("captured", null, null, true, Property.EMPTY_ARRAY) {
          @Override
          public void append(LogEvent event) {
            take(event);
          }
        };
    appender.start();
    logger = new LoggerConfig(OURS, level, false);
    logger.addAppender(appender, level, null);
    // addLogger leaves one of that name as it is.
    context.getConfiguration().removeLogger(OURS);
    context.getConfiguration().addLogger(OURS, logger);
    context.updateLoggers();
  }

  private synchronized void take(LogEvent event) {
    String thrown = event.getThrown() == null ? "" : " " + stackTrace(event.getThrown());
    lines.add(
        new Line(
            event.getTimeMillis(),
            event.getThreadName(),
            event.getMessage().getFormattedMessage() + thrown));
  }

  private static String stackTrace(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  public synchronized List<Line> lines() {
    return List.copyOf(lines);
  }

  public List<String> texts() {
    return lines().stream().map(Line::text).toList();
  }

  @Override
  public void close() {
    context.getConfiguration().removeLogger(OURS);
    context.updateLoggers();
  }
}
