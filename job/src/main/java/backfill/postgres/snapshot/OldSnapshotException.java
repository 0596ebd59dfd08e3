package backfill.postgres.snapshot;

import backfill.plan.Amount;
import backfill.plan.Settings;
import java.util.List;
import java.util.stream.Collectors;

/** Snapshots were held for as long as they may be, and not everything was read in them. */
public final class OldSnapshotException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param snapshots that were held for the same steps
   * @param came what the reading ended with
   */
  public OldSnapshotException(List<Snapshot> snapshots, Settings.Read settings, Throwable came) {
    super(
        "%s %s not read within %s (read.snapshot-max-age), and as long as one is held vacuum removes no row that was deleted since. Read faster, by more read.readers (%d) or from a replica (BACKFILL_READ_URL); read less in one snapshot, by a narrower where of the sources or fewer steps (--only); or allow more, as by --set read.snapshot-max-age=2h"
            .formatted(
                (snapshots.size() == 1 ? "snapshot " : "snapshots ")
                    + snapshots.stream().map(Snapshot::id).collect(Collectors.joining(", ")),
                snapshots.size() == 1 ? "was" : "were",
                Amount.of(settings.snapshotMaxAge().toSeconds(), "second"),
                settings.readers()));
    if (came != null) {
      addSuppressed(came);
    }
  }
}
