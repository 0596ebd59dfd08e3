package backfill.spark.read;

import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import backfill.postgres.snapshot.NotedTables;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the snapshots of one reading showed, by which a later reading tells whether it would read
 * the same.
 */
final class NotedReading {
  /** Of a reading that nothing is compared with. */
  static final NotedReading NOTHING = new NotedReading(Map.of());

  private final Map<String, NotedTables> byDatabase;

  private NotedReading(Map<String, NotedTables> byDatabase) {
    this.byDatabase = byDatabase;
  }

  /**
   * Asks each server once; the snapshots must still be there.
   *
   * @param rows by database
   */
  static NotedReading of(Map<String, List<NotedTables.Rows>> rows, WatchedReads reads) {
    Map<String, NotedTables> noted = new LinkedHashMap<>();
    rows.forEach(
        (database, of) -> noted.put(database, reads.in(database, reader -> reader.note(of))));
    return new NotedReading(noted);
  }

  /**
   * The names of the sources that later snapshots show the same rows of, as long as those that are
   * fetched by keys {@link #showsKeyed}.
   *
   * @param counts source to the rows that were read
   */
  Set<String> sourcesIn(WatchedReads later, Map<String, Long> counts) {
    Set<String> names = new HashSet<>();
    byDatabase.forEach(
        (database, tables) ->
            names.addAll(later.in(database, reader -> reader.alike(tables, counts))));
    return names;
  }

  /**
   * Whether a later snapshot shows the same rows of the keys that a source was fetched by.
   *
   * @param read in the snapshots that these were
   */
  boolean showsKeyed(WatchedReads later, Source source, KeptSources read) {
    NotedTables tables = byDatabase.get(source.database());
    return later.in(source.database(), reader -> read.areFoundBy(reader, source.name(), tables));
  }

  /**
   * Whether a later snapshot shows the same rows of a step's target, if all of these are the
   * step's.
   *
   * @param rows how many were read
   */
  boolean showsTarget(WatchedReads later, Step.Fill step, long rows) {
    NotedTables tables = byDatabase.get(Plan.MAIN);
    Map<String, Long> count = Map.of(ReadListing.targetName(step), rows);
    return tables != null && !later.inTargets(reader -> reader.alike(tables, count)).isEmpty();
  }
}
