package backfill.postgres.explain;

import backfill.plan.level.LevelOrder;
import java.util.List;

/** Which of two levels is the lower one, as a run has it. */
record LevelRanks(LevelOrder levels) {

  /**
   * A level that a way has so far.
   *
   * @param rank more is higher
   * @param text as the server writes it; null for any, and for what is no level
   */
  record Rank(long rank, String text) {
    /** Of what passes on any. */
    static final Rank ANY = new Rank(Long.MAX_VALUE, null);

    /** Of NULL and what is no level, by which a run would end. */
    private static final Rank NONE = new Rank(Long.MIN_VALUE, null);

    Rank atMost(Rank other) {
      return other.rank < rank ? other : this;
    }

    Rank orHigher(Rank other) {
      return other.rank > rank ? other : this;
    }
  }

  /** That of a row, as the server writes it. */
  Rank of(String text) {
    List<String> known = levels.ascending();
    if (text == null || !known.isEmpty() && !known.contains(text)) {
      return Rank.NONE;
    }
    return new Rank(known.isEmpty() ? Long.parseLong(text) : known.indexOf(text), text);
  }

  /** That of a row of a source. */
  Rank of(Edge edge, String text) {
    if (edge.level() == null) {
      return Rank.ANY;
    }
    return of(edge.level().constant() == null ? text : edge.level().constant());
  }
}
