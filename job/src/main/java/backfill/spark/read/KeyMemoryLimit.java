package backfill.spark.read;

import java.io.Serializable;
import java.util.Locale;

/**
 * What the distinct keys of a step may take in memory.
 *
 * @param most by {@code flatten.dictionary-bytes}
 */
public record KeyMemoryLimit(String step, long most) implements Serializable {

  /**
   * @throws UnfitRowsException if they take more
   */
  public void require(long bytes) {
    if (bytes > most) {
      throw new UnfitRowsException(
          String.format(
              Locale.ROOT,
              "the distinct keys of step %s take %,d bytes or more, and flatten.dictionary-bytes is %,d; the driver and"
                  + " every executor hold them whole: raise it along with their memory, or make each key one integer",
              step,
              bytes,
              most));
    }
  }

  /** Of two snapshots. */
  public KeyMemoryLimit twice() {
    return new KeyMemoryLimit(step, 2 * most);
  }
}
