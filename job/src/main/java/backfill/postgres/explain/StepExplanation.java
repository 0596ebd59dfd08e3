package backfill.postgres.explain;

import backfill.postgres.ledger.KeyHistory;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;
import java.util.Map;

/**
 * What one step has to do with a pair, with a user or an object, or with a row.
 *
 * @param given what its sources say now; null where they were not looked at
 * @param held what its target has now
 * @param history what runs did to the pair; null where one pair was not asked about, or where no
 *     ledger says it
 */
public record StepExplanation(
    @JsonUnwrapped Subject subject, Given given, Held held, History history) {

  /** Whether its sources give anything of what was asked about; null where it is not known. */
  @JsonProperty
  public Boolean gives() {
    if (subject.row() != null) {
      return null;
    }
    return given == null ? Boolean.FALSE : given.gives();
  }

  /**
   * What it is about.
   *
   * @param object of pairs; null where it is about a row
   * @param user as {@code object}
   * @param row a row's key, column to value as the server writes it; null where it is about pairs
   * @param skipped why the step gives nothing, whatever its sources have; or null
   * @param levelColumn of the target, in which each pair has its level; null where pairs have none
   */
  public record Subject(
      String step,
      String table,
      Side object,
      Side user,
      Map<String, String> row,
      String skipped,
      String levelColumn) {}

  /**
   * One side of a pair.
   *
   * @param column of the target
   * @param value as the server writes it; null where all are meant
   */
  public record Side(String column, String value) {
    @Override
    public String toString() {
      return column + (value == null ? "" : " " + value);
    }
  }

  /**
   * What the sources say.
   *
   * @param pairs how many different pairs they give, by any way; null where some sources could not
   *     be looked at, so that there may be more
   * @param ways the first of them, for one pair; else those that give most
   * @param allWays how many there are
   * @param unseen why a source was not looked at, a sentence each
   * @param level of one pair, the highest of all ways; null where pairs have none, or many were
   *     asked about
   * @param levels of many pairs, the highest level first; null where pairs have none, or one was
   *     asked about
   */
  public record Given(
      Long pairs,
      List<Way> ways,
      long allWays,
      List<String> unseen,
      String level,
      List<AtLevel> levels) {

    /** Without a level. */
    public Given(Long pairs, List<Way> ways, long allWays, List<String> unseen) {
      this(pairs, ways, allWays, unseen, null, null);
    }

    public Given {
      ways = List.copyOf(ways);
      unseen = List.copyOf(unseen);
    }

    Given at(List<AtLevel> each) {
      return new Given(pairs, ways, allWays, unseen, level, each);
    }

    Boolean gives() {
      return allWays > 0 ? Boolean.TRUE : unseen.isEmpty() ? Boolean.FALSE : null;
    }
  }

  /**
   * The pairs of one level, that being the highest of all ways to each.
   *
   * @param level as the server writes it; null for what is no level, by which a run ends
   * @param pairs how many the sources give
   * @param rows how many the target has
   * @param keys of the other side, the first of those that the sources give
   */
  public record AtLevel(String level, long pairs, long rows, List<String> keys) {
    public AtLevel {
      keys = List.copyOf(keys);
    }
  }

  /**
   * One way by which pairs are given.
   *
   * @param group through which; null for a direct grant
   * @param grants the rows that grant something to the user, or to the group
   * @param members the rows by which the user is in the group; null for a direct grant
   * @param pairs how many different pairs are given by this way alone
   * @param nested the groups from the one that is granted down to the one that has the user, by the
   *     shortest chain, without the first; null where nothing is nested, or pairs are counted
   * @param objects the objects from the one that is granted down to the one that is asked about, by
   *     the shortest chain; null where these are one, or all objects are asked about
   * @param level that the way gives one pair: the lowest on it; null where pairs have none
   * @param counts whether no way gives a higher one; null as {@code level}
   */
  public record Way(
      String group,
      Found grants,
      Found members,
      long pairs,
      List<String> nested,
      List<String> objects,
      String level,
      Boolean counts) {
    public Way(String group, Found grants, Found members, long pairs) {
      this(group, grants, members, pairs, null, null);
    }

    public Way(
        String group,
        Found grants,
        Found members,
        long pairs,
        List<String> nested,
        List<String> objects) {
      this(group, grants, members, pairs, nested, objects, null, null);
    }

    Way on(List<String> chain) {
      return new Way(group, grants, members, pairs, nested, chain);
    }
  }

  /**
   * Rows of one table.
   *
   * @param source the plan's name for it; null for a target
   * @param rows how many there are; null where they were not counted
   * @param keys of the first of them, column to value: the primary key's, where there is one that
   *     may be read
   */
  public record Found(String source, String table, Long rows, List<Map<String, String>> keys) {
    public Found {
      keys = List.copyOf(keys);
    }
  }

  /**
   * What the target has.
   *
   * @param rows of the step's own
   * @param foreign those of the same pair that are not the step's, by its {@code owns}; null where
   *     all rows are its own
   * @param level that the row of one pair has; null where it has none, or there is no row
   */
  public record Held(Found rows, Found foreign, String level) {

    /** Without a level. */
    public Held(Found rows, Found foreign) {
      this(rows, foreign, null);
    }

    /** Whether the target has the pair, as a row of the step's. */
    public boolean has() {
      return rows.rows() > 0;
    }
  }

  /**
   * What runs did to a pair, or a row.
   *
   * @param events the first one first
   * @param unknown why there may be more, or null
   */
  public record History(List<KeyHistory.Happened> events, String unknown) {
    public History {
      events = List.copyOf(events);
    }
  }
}
