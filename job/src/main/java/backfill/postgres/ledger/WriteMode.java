package backfill.postgres.ledger;

import java.util.Locale;

/** What a row means to a table by whether its key is there. */
public enum WriteMode {
  /** It is added unless one with its key is there, which stays as it is. */
  IGNORE,
  /** The row with its key gets its values, where one differs; without such a row it is left out. */
  UPDATE,
  /** It is added, or the row with its key gets its values, where one differs. */
  UPSERT,
  /** It is added; a row with its key fails the whole batch. */
  ERROR;

  /** Whether a row is added whose key is not there. */
  public boolean adds() {
    return this != UPDATE;
  }

  /** Whether a row is set whose key is there. */
  public boolean sets() {
    return this == UPDATE || this == UPSERT;
  }

  /** The word that stands for it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
