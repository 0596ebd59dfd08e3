package backfill.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Looks for a secret in many places, and keeps where it was found. */
public final class TestingSecretSearch {
  /** The last column of a dump of bytes. */
  private static final Pattern DUMPED =
      Pattern.compile("(?m)^\\|[0-9a-f]{8}\\|[^|]*\\|(.{16})\\|$");

  private static final int BESIDE = 60;

  private final List<String> forms;
  private final List<String> found = new ArrayList<>();
  private final Set<String> places = new TreeSet<>();

  public TestingSecretSearch(String secret) {
    byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
    this.forms = List.of(secret, Base64.getEncoder().encodeToString(bytes));
  }

  /** Where it is, with what stands beside it. */
  public List<String> found() {
    return found;
  }

  /** Where there was something to look into. */
  public synchronized Set<String> places() {
    return Set.copyOf(places);
  }

  public synchronized void text(String place, String text) {
    places.add(place);
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

  /** Of a log, with the bytes that it shows. */
  private void log(String place, String text) {
    text(place, text);
    StringBuilder dumped = new StringBuilder();
    Matcher line = DUMPED.matcher(text);
    while (line.find()) {
      dumped.append(line.group(1));
    }
    text(place + " (dumped bytes)", dumped.toString());
  }

  /** All files below a directory; how many there are. */
  public int files(Path directory) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(directory)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      // Any byte is a character of this one.
      log(file.toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
    }
    return files.size();
  }

  /** The command lines of all processes of this machine. */
  public void processes() throws IOException {
    for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
      try {
        text(
            "process " + process.pid(),
            Files.readString(
                Path.of("/proc/" + process.pid() + "/cmdline"), StandardCharsets.ISO_8859_1));
      } catch (NoSuchFileException e) {
        // It has ended meanwhile.
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
