package backfill.postgres.ledger;

import backfill.postgres.server.RowEvent;
import java.util.EnumMap;
import java.util.Map;

/** What the writers of a step did, apart for each kind of write. */
public record StepCounts(WriteCounts inserts, WriteCounts updates, WriteCounts deletes) {
  /** Of a step that wrote nothing. */
  public static final StepCounts NONE =
      new StepCounts(WriteCounts.NONE, WriteCounts.NONE, WriteCounts.NONE);

  /** What each operation did; one that is not among them did nothing. */
  public static StepCounts of(Map<Operation, WriteCounts> done) {
    Map<RowEvent, WriteCounts> byEvent = new EnumMap<>(RowEvent.class);
    done.forEach((operation, counts) -> byEvent.put(operation.event(), counts));
    return new StepCounts(
        byEvent.getOrDefault(RowEvent.INSERT, WriteCounts.NONE),
        byEvent.getOrDefault(RowEvent.UPDATE, WriteCounts.NONE),
        byEvent.getOrDefault(RowEvent.DELETE, WriteCounts.NONE));
  }

  /** All of them. */
  public WriteCounts total() {
    return deletes.plus(updates).plus(inserts);
  }
}
