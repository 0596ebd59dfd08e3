package backfill.postgres.throttle;

import backfill.postgres.ledger.Asked;
import java.util.List;
import java.util.Map;

/**
 * What became of a run's pace, for its report.
 *
 * @param asked what people asked for while it ran
 * @param pauses every time in which no writer began a batch
 * @param signals what each signal read, by its name
 */
public record PaceSummary(
    List<Asked.Entry> asked, List<Pause> pauses, Map<String, Signalled> signals) {

  /**
   * What one signal read.
   *
   * @param last reading; null where it is unknown
   * @param worst reading that slowed the writers or paused them, or null
   * @param unknown why it could not be read; null where it could
   */
  public record Signalled(String last, String worst, String bound, String unknown) {}

  /** Of a run that wrote nothing so far. */
  public static final PaceSummary NONE = new PaceSummary(List.of(), List.of(), Map.of());
}
