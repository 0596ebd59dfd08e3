package backfill.spark.read;

import java.io.Serializable;
import java.util.Locale;

/**
 * What the distinct keys of a step may take in memory.
 *
 * @param most by {@code flatten.dictionary-bytes}
 */
public record KeyBytes(String step, long most) implements Serializable {

  /**
   * @throws UnfitRows if they take more
   */
  public void require(long bytes) {
    if (bytes > most) {
      throw new UnfitRows(
          String.format(
              Locale.ROOT,
              "the distinct keys of step %s take %,d bytes or more, and flatten.dictionary-bytes is %,d; the driver and"
                  + " every executor hold them whole: raise it along with their memory, or make the keys integers",
              step,
              bytes,
              most));
    }
  }

  /** Of two snapshots. */
  public KeyBytes twice() {
    return new KeyBytes(step, 2 * most);
  }
}
