package backfill.testing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Looks for a secret in many places, and keeps where it was found. */
public final class TestingSecretSearch {
  private static final int BESIDE = 60;

  private final List<String> forms;
  private final List<String> found = new ArrayList<>();

  public TestingSecretSearch(String secret) {
    byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
    this.forms = List.of(secret, Base64.getEncoder().encodeToString(bytes));
  }

  /** Where it is, with what stands beside it. */
  public List<String> found() {
    return found;
  }

  public synchronized void text(String place, String text) {
    for (String form : forms) {
      int at = text.indexOf(form);
      if (at >= 0) {
        found.add(
            place
                + ": "
                + text.substring(Math.max(0, at - BESIDE), Math.min(text.length(), at + BESIDE)));
      }
    }
  }

  /** From here on all that the JDBC driver logs, until this is closed. */
  public AutoCloseable driver() {
    Logger logger = Logger.getLogger("org.postgresql");
    Level before = logger.getLevel();
    Handler handler =
        new Handler() {
          private final SimpleFormatter formatter = new SimpleFormatter();

          @Override
          public void publish(LogRecord said) {
            text("the driver's log", formatter.format(said));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    handler.setLevel(Level.ALL);
    logger.addHandler(handler);
    logger.setLevel(Level.ALL);
    return () -> {
      logger.removeHandler(handler);
      logger.setLevel(before);
    };
  }
}
