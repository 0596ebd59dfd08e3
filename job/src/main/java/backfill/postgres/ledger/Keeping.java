package backfill.postgres.ledger;

import backfill.postgres.catalog.TargetColumn;
import java.io.Serializable;
import java.util.List;

/**
 * What a writer keeps in the ledger of the rows that it changes.
 *
 * @param keys whether it keeps their keys, and what it wrote into those that it added
 * @param undo whether it keeps what rows held before they were set or deleted
 * @param images the columns of which it does: those that are set, or all that can be written again,
 *     beside the key's
 * @param bytes what one writer may keep, about
 */
public record Keeping(boolean keys, boolean undo, List<TargetColumn> images, long bytes)
    implements Serializable {
  /** Counts, and nothing else. */
  public static final Keeping NOTHING = new Keeping(false, false, List.of(), 0);

  public Keeping {
    images = List.copyOf(images);
  }
}
