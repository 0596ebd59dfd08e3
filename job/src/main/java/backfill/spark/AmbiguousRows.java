package backfill.spark;

/**
 * A query gives several rows for one key of its target: which one is meant, nobody can say (exit
 * 4).
 */
public final class AmbiguousRows extends RuntimeException {
  private static final long serialVersionUID = 1L;

  AmbiguousRows(String message) {
    super(message);
  }
}
