package backfill.spark.engine;

import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.service.launcher.IrqHandler;

/**
 * Hears the signals that ask a process to end, instead of the JVM, whose way would be to stop Spark
 * and everything else under a run that is still writing. Hadoop has the only class for it that a
 * compiler takes without a warning.
 */
public final class Signals {
  /** What schedulers send, and what Ctrl-C does. */
  private static final List<String> NAMES = List.of("TERM", IrqHandler.CONTROL_C);

  private Signals() {}

  /**
   * From now on only this is told, each time, on a thread of the JVM's own.
   *
   * @param told gets the signal's name, {@code TERM} or {@code INT}
   */
  public static void listen(Consumer<String> told) {
    NAMES.forEach(name -> new IrqHandler(name, signal -> told.accept(signal.getName())).bind());
  }
}
