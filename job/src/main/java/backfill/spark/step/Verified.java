package backfill.spark.step;

import java.util.List;

/**
 * The differences between what a run planned and wrote and what a fresh snapshot shows, each under
 * one name.
 *
 * @param missing planned, still justified, and absent
 * @param addedMeanwhile justified now, not planned, and absent: the next run takes it
 * @param revokedMeanwhile written by this run, still there, and no longer justified
 * @param foreign justified, and held by a row that is not the step's
 * @param examples keys of missing rows, the first ones
 * @param revokedKeys of the revoked rows whose key is no longer justified at all, as the server
 *     writes it: the first {@link #REVOKED_KEYS}, and none of which the server's text is not known
 */
public record Verified(
    long missing,
    long addedMeanwhile,
    long revokedMeanwhile,
    long foreign,
    List<String> examples,
    List<List<String>> revokedKeys) {

  /** How many examples are kept at most. */
  public static final int EXAMPLES = 10;

  /** How many keys of revoked rows are brought to the driver at most. */
  public static final int REVOKED_KEYS = 100_000;

  public static final Verified NO_DIFFERENCE = new Verified(0, 0, 0, 0, List.of(), List.of());
}
