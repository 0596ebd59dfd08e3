package backfill.postgres.ledger;

import backfill.postgres.catalog.TargetColumn;
import java.io.Serializable;
import java.util.List;

/**
 * What a writer keeps in the ledger of the rows that it changes.
 *
 * @param keys whether it keeps their keys, and what it wrote into those that it added
 * @param images the columns of which it keeps what a row held before it was set or deleted: those
 *     that are set, or all that can be written again; empty to keep none
 * @param bytes what one writer may keep, about
 */
public record Keeping(boolean keys, List<TargetColumn> images, long bytes) implements Serializable {
  /** Counts, and nothing else. */
  public static final Keeping NOTHING = new Keeping(false, List.of(), 0);

  public Keeping {
    images = List.copyOf(images);
  }

  /** Whether it keeps what rows held before. */
  public boolean undo() {
    return !images.isEmpty();
  }
}
