package backfill.hook;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * What a hook says: the first lines go to the log, the rest is read and dropped, so that none waits
 * for a reader. Read by a thread of its own.
 */
final class HookOutput {
  private static final int MOST_LINES = 100;
  private static final int MOST_CHARACTERS = 500;

  private final Consumer<String> log;
  private final StringBuilder line = new StringBuilder();
  private long lines;
  private String last = "";
  private boolean closed;

  HookOutput(Consumer<String> log) {
    this.log = log;
  }

  /** Reads until the hook, and whatever it left running, says nothing any more. */
  void read(InputStream from) {
    try (Reader text = new InputStreamReader(from, StandardCharsets.UTF_8)) {
      for (int next = text.read(); next >= 0; next = text.read()) {
        add((char) next);
      }
    } catch (IOException | UncheckedIOException e) {
      // It was ended: there is nothing more to read.
    }
    end();
  }

  private synchronized void add(char next) {
    if (next == '\n') {
      end();
    } else if (next != '\r' && line.length() < MOST_CHARACTERS) {
      line.append(Character.isISOControl(next) ? '?' : next);
    }
  }

  private synchronized void end() {
    if (!line.isEmpty() && !closed) {
      lines++;
      last = line.toString();
      if (lines <= MOST_LINES) {
        log.accept(last);
      }
    }
    line.setLength(0);
  }

  /** Takes down no more; answers with the last line, or nothing. */
  synchronized String close() {
    end();
    closed = true;
    if (lines > MOST_LINES) {
      log.accept("(and " + (lines - MOST_LINES) + " more lines)");
    }
    return last;
  }
}
