package backfill.spark.sink;

/** A value that its column would change, or cannot hold at all: its row is rejected for it. */
final class UnfitValueException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Object value;

  /**
   * @param value what names the row where it is of the key
   */
  UnfitValueException(String reason, Object value) {
    super(reason, null, false, false);
    this.value = value;
  }

  Object value() {
    return value;
  }
}
