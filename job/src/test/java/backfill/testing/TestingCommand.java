package backfill.testing;

import backfill.cli.CommandLineJob;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;

/**
 * One command of the job that starts Spark, run in this JVM on the session of {@link TestingSpark}.
 *
 * @param log what it said while it ran, a message each
 */
public record TestingCommand(int exitCode, List<String> out, List<String> log) {

  /** Keeps the messages of the job's logger. */
  private static final class Said extends AbstractAppender {
    private final List<String> messages = new CopyOnWriteArrayList<>();

    Said() {
      super("said", null, null, true, Property.EMPTY_ARRAY);
    }

    @Override
    public void append(LogEvent event) {
      messages.add(event.getMessage().getFormattedMessage());
    }
  }

  public static TestingCommand run(Map<String, String> environment, String... words) {
    TestingSpark.session();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Said said = new Said();
    said.start();
    Logger logger = (Logger) LogManager.getLogger("backfill");
    Level before = logger.getLevel();
    boolean additive = logger.isAdditive();
    logger.addAppender(said);
    logger.setAdditive(false);
    logger.setLevel(Level.INFO);
    int exitCode;
    try {
      exitCode = CommandLineJob.run(environment, printing(out), System.err, words);
    } finally {
      logger.removeAppender(said);
      logger.setAdditive(additive);
      logger.setLevel(before);
    }
    return new TestingCommand(
        exitCode,
        out.toString(StandardCharsets.UTF_8).lines().toList(),
        List.copyOf(said.messages));
  }

  private static PrintStream printing(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  /** Standard output without its last line, which is JSON. */
  public List<String> printed() {
    return out.subList(0, out.size() - 1);
  }

  /** The last line of standard output. */
  public String line() {
    return out.get(out.size() - 1);
  }
}
