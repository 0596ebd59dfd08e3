package backfill.postgres.ledger;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How a step of a run stands, in the run's report. */
public enum StepStatus {
  PENDING,
  WRITING,
  DONE,
  /** There was nothing of it to do. */
  SKIPPED,
  FAILED,
  /** A limit refused it. */
  REFUSED,
  /** The run was asked to end while it was at this step. */
  STOPPED;

  /** The word that stands for it. */
  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
