package backfill.postgres.throttle;

import backfill.postgres.ledger.Pacing;
import java.util.OptionalLong;

/**
 * What the driver of a run enters in the ledger, for the writers and for the command status.
 *
 * @param paused whether no writer may begin a batch
 * @param by the signal that pauses or slows them, with its reading and its bound; null while all
 *     are quiet
 * @param rowsPerSecond of all writers together, or null
 * @param writers how many are at work
 * @param held a bit for each that leaves its turn to others
 * @param step that is written
 * @param toWrite rows that it will be
 */
record PaceNow(
    boolean paused,
    String by,
    Long rowsPerSecond,
    int writers,
    long held,
    String step,
    long toWrite) {

  Pacing pacing() {
    return new Pacing(
        paused,
        rowsPerSecond == null ? OptionalLong.empty() : OptionalLong.of(rowsPerSecond),
        writers,
        held);
  }
}
