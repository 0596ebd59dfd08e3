package backfill.spark.read;

import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.RecoveryConflictException;
import backfill.postgres.server.Server;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.snapshot.LostSnapshotException;
import backfill.postgres.snapshot.OldSnapshotException;
import backfill.postgres.snapshot.SnapshotAge;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Reads in snapshots, and says of a failure which one it was that a reader did not find or that was
 * too old, or that a standby ended the read; no read outlives a failure.
 */
final class WatchedReads implements AutoCloseable {
  private final OpenReaders readers;
  private final PreflightResult ready;
  private final Settings.Read settings;
  private final SnapshotAge age;

  /**
   * Begins to watch how old they get.
   *
   * @param cancelJobs gives up what Spark does
   */
  WatchedReads(
      OpenReaders readers, PreflightResult ready, Settings.Read settings, Runnable cancelJobs) {
    this.readers = readers;
    this.ready = ready;
    this.settings = settings;
    this.age = SnapshotAge.watch(settings.snapshotMaxAge(), readers.snapshots(), cancelJobs);
  }

  OpenReaders readers() {
    return readers;
  }

  /** What is read of sources in a database. */
  <T> T in(String database, Function<SnapshotReader, T> reads) {
    return in(database, readers.sources().get(database), reads);
  }

  /** The same of what is only begun, or told another way. */
  void run(String database, Consumer<SnapshotReader> reads) {
    in(database, asFunction(reads));
  }

  /** What is read of targets. */
  <T> T inTargets(Function<SnapshotReader, T> reads) {
    return in(Plan.MAIN, readers.targets(), reads);
  }

  void runInTargets(Consumer<SnapshotReader> reads) {
    inTargets(asFunction(reads));
  }

  private static Function<SnapshotReader, SnapshotReader> asFunction(
      Consumer<SnapshotReader> reads) {
    return reader -> {
      reads.accept(reader);
      return reader;
    };
  }

  /** Waits for everything that was begun. */
  void finish() {
    readers
        .sources()
        .keySet()
        .forEach(database -> run(database, reader -> reader.reads().finish()));
    runInTargets(reader -> reader.reads().finish());
  }

  private <T> T in(String database, SnapshotReader reader, Function<SnapshotReader, T> reads) {
    T read;
    try {
      read = reads.apply(reader);
    } catch (Exception e) {
      // Spark throws what no signature declares.
      readers.giveUp();
      refuseOld(e);
      Optional<String> standby = standby(database, reader);
      Optional<SQLException> held =
          SqlFailure.lostSnapshot(e) || standby.isPresent() && SqlFailure.connectionLost(e)
              ? reader.snapshot().ended()
              : Optional.empty();
      Optional<RecoveryConflictException> conflict = RecoveryConflictException.in(e, standby, held);
      if (conflict.isPresent()) {
        throw conflict.get();
      }
      Optional<LostSnapshotException> lost =
          LostSnapshotException.in(e, database, reader.snapshot(), held);
      if (lost.isPresent()) {
        throw lost.get();
      }
      throw e;
    }
    refuseOld(null);
    return read;
  }

  private void refuseOld(Exception came) {
    if (age.isOver()) {
      throw new OldSnapshotException(readers.snapshots(), settings, came);
    }
  }

  /** Where a reader reads, if that is one; targets may have a snapshot of the primary. */
  private Optional<String> standby(String database, SnapshotReader reader) {
    return Optional.of(ready.databases().get(database).read())
        .filter(server -> server.standby() && reader == readers.sources().get(database))
        .map(Server::address);
  }

  /** How old they get does not matter from here on. */
  @Override
  public void close() {
    age.close();
  }
}
