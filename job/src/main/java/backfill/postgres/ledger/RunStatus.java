package backfill.postgres.ledger;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How a run stands, in the ledger and in its report. */
public enum RunStatus {
  RUNNING,
  SUCCEEDED,
  FAILED,
  /** A limit refused it. */
  REFUSED,
  /** It was asked to end before it was done. */
  STOPPED,
  DRY_RUN,
  /** It says that it runs, and its lease is over; only the command status says so. */
  LOST;

  /** The word that stands for it. */
  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
