package backfill.spark.sink;

import backfill.postgres.ledger.ModeCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.ledger.WriteMode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.connector.write.WriterCommitMessage;

/** What the writers of one write did, each as it ends; on the driver. */
final class SinkOutcome {
  private final List<Written> ended = new ArrayList<>();
  private boolean complete;

  /**
   * What one writer did.
   *
   * @param counts of its batches
   * @param repeated rows that were the same as the one before, and so not sent
   * @param first the first key it met, or null
   * @param stopped why it did not go on to its end, or null
   */
  record Written(WriteCounts counts, long repeated, SortKey first, SortKey last, String stopped)
      implements WriterCommitMessage, Serializable {}

  synchronized void add(Written written) {
    ended.add(written);
  }

  /** All writers have come to their end. */
  synchronized void complete() {
    complete = true;
  }

  /** Of the writers that ended; not exact where others were given up. */
  synchronized WriteCounts counts() {
    WriteCounts total =
        ended.stream().map(Written::counts).reduce(WriteCounts.NONE, WriteCounts::plus);
    return complete ? total : total.inexact();
  }

  /** The same, and rows that were the same as another one, by what became of them. */
  synchronized ModeCounts counts(WriteMode mode) {
    return ModeCounts.of(mode, counts(), ended.stream().mapToLong(Written::repeated).sum());
  }

  /** Why a writer stopped. */
  synchronized Optional<String> stopped() {
    return ended.stream().map(Written::stopped).filter(reason -> reason != null).findFirst();
  }

  /** Two ranges that are not disjoint: their writers may have met. */
  synchronized Optional<String> overlap() {
    List<Written> ranges = new ArrayList<>(ended);
    ranges.removeIf(range -> range.first() == null);
    ranges.sort(Comparator.comparing(Written::first));
    for (int i = 1; i < ranges.size(); i++) {
      if (ranges.get(i - 1).last().compareTo(ranges.get(i).first()) >= 0) {
        return Optional.of(
            "two partitions overlap: one ends with key "
                + ranges.get(i - 1).last()
                + ", another begins with "
                + ranges.get(i).first()
                + "; with distribution = none the input must be split into disjoint ranges of the key");
      }
    }
    return Optional.empty();
  }
}
