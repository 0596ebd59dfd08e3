package backfill.membership;

import java.io.Serializable;
import java.util.stream.IntStream;

/** Sums over objects of what their sources give; filled by one thread. */
public final class SourceTotals implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int directSources;
  private final long[] alone;
  private final long[] beyond;
  private long objects;
  private long all;
  private long direct;
  private long through;
  private long ways;
  private long groupsOnObjects;

  /**
   * @param directSources how many there are, the first ones
   * @param sources how many with them
   */
  public SourceTotals(int directSources, int sources) {
    this.directSources = directSources;
    this.alone = new long[sources];
    this.beyond = new long[sources];
  }

  /** How many sources there are. */
  int sources() {
    return alone.length;
  }

  /** Whether a source names users. */
  boolean isDirect(int source) {
    return source < directSources;
  }

  /** What a source gives an object. */
  void add(int source, long users, long onlyIts) {
    alone[source] += users;
    beyond[source] += onlyIts;
  }

  /** What an object has by all of them. */
  void addObject(long users, long named, long byItsGroups, long waysToIt, long groups) {
    objects += users > 0 ? 1 : 0;
    all += users;
    direct += named;
    through += byItsGroups;
    ways += waysToIt;
    groupsOnObjects += groups;
  }

  /** Both; this one is used up. */
  public SourceTotals and(SourceTotals other) {
    IntStream.range(0, alone.length)
        .forEach(source -> add(source, other.alone[source], other.beyond[source]));
    objects += other.objects;
    all += other.all;
    direct += other.direct;
    through += other.through;
    ways += other.ways;
    groupsOnObjects += other.groupsOnObjects;
    return this;
  }

  /** Objects that have a pair. */
  public long objects() {
    return objects;
  }

  /** Rows behind the pairs. */
  public long ways() {
    return ways;
  }

  /** Different (group, object). */
  public long groupsOnObjects() {
    return groupsOnObjects;
  }

  /** Pairs of all sources, each counted once. */
  public long all() {
    return all;
  }

  /** Pairs by users whom a source names for the object itself. */
  public long direct() {
    return direct;
  }

  /** Of the others those by users whom a group of the object has itself. */
  public long through() {
    return through;
  }

  /** Pairs that a source gives, whatever others give. */
  public long alone(int source) {
    return alone[source];
  }

  /** Of these the pairs that no other source gives. */
  public long beyond(int source) {
    return beyond[source];
  }
}
