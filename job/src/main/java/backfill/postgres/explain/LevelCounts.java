package backfill.postgres.explain;

import backfill.postgres.explain.LevelRanks.Rank;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which level each pair of one object has, or of one user: the highest of all ways, which are
 * followed here; and how many pairs have it.
 */
final class LevelCounts {
  /** Integers among others of their length, and the rest as good as any. */
  private static final Comparator<String> BY_KEY =
      Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder());

  private final RowLook rows;
  private final int limit;
  private final Edge.OfStep edges;
  private final LevelRanks ranks;
  private final LevelReach reach;
  private final Within within;

  /**
   * @param limit how many keys of a level are named
   * @param within what the keys that are counted must hold
   */
  LevelCounts(RowLook rows, int limit, Edge.OfStep edges, LevelRanks ranks, Within within) {
    this.rows = rows;
    this.limit = limit;
    this.edges = edges;
    this.ranks = ranks;
    this.reach = new LevelReach(rows, ranks);
    this.within = within;
  }

  /** The users of an object. */
  Map<String, Rank> users(String object) throws SQLException {
    Map<String, Rank> objects = ranks(reach.above(edges, object));
    Map<String, Rank> users = new HashMap<>();
    for (Edge direct : edges.direct()) {
      raise(users, reach.levels(direct, objects));
    }
    Map<String, Rank> granted = new HashMap<>();
    for (Edge through : edges.through()) {
      raise(granted, reach.levels(through, objects));
    }
    Map<String, Rank> groups = ranks(reach.downwards(edges.nested(), granted));
    for (Edge members : edges.members()) {
      raise(users, reach.levels(members, groups));
    }
    users.keySet().removeIf(key -> !within.has(key));
    return users;
  }

  /** The objects of a user. */
  Map<String, Rank> objects(String user) throws SQLException {
    Map<String, Rank> asked = Map.of(user, Rank.ANY);
    Map<String, Rank> own = new HashMap<>();
    for (Edge members : edges.members()) {
      raise(own, reach.levels(members.reversed(), asked));
    }
    Map<String, Rank> groups = ranks(reach.upwards(edges.nested(), own));
    Map<String, Rank> granted = new HashMap<>();
    for (Edge direct : edges.direct()) {
      raise(granted, reach.levels(direct.reversed(), asked));
    }
    for (Edge through : edges.through()) {
      raise(granted, reach.levels(through.reversed(), groups));
    }
    Map<String, Rank> objects = ranks(reach.downwards(edges.objects(), granted));
    if (edges.leaves().isPresent() && !objects.isEmpty()) {
      Edge leaves = edges.leaves().get();
      Set<String> all = objects.keySet();
      all.retainAll(
          new HashSet<>(
              rows.keys(leaves.relation(), leaves.left(), sql -> leaves.left().isAnyOf(sql, all))));
    }
    objects.keySet().removeIf(key -> !within.has(key));
    return objects;
  }

  private static Map<String, Rank> ranks(Map<String, LevelReach.Linked> reached) {
    Map<String, Rank> ranks = new HashMap<>();
    reached.forEach((key, linked) -> ranks.put(key, linked.level()));
    return ranks;
  }

  private static void raise(Map<String, Rank> some, Map<String, Rank> others) {
    others.forEach((key, rank) -> some.merge(key, rank, Rank::orHigher));
  }

  /**
   * The highest level first.
   *
   * @param held level, as the server writes it, to how many rows the target has at it
   */
  List<StepExplanation.AtLevel> byLevel(Map<String, Rank> given, Map<String, Long> held) {
    Map<Rank, List<String>> keys =
        new TreeMap<>(
            Comparator.comparingLong(Rank::rank)
                .reversed()
                .thenComparing(Rank::text, Comparator.nullsLast(Comparator.naturalOrder())));
    given.forEach((key, rank) -> keys.computeIfAbsent(rank, first -> new ArrayList<>()).add(key));
    Map<Rank, Long> rowsAt = new HashMap<>();
    held.forEach(
        (text, count) -> {
          Rank rank = new Rank(ranks.of(text).rank(), text);
          rowsAt.put(rank, count);
          keys.computeIfAbsent(rank, first -> new ArrayList<>());
        });
    return keys.entrySet().stream()
        .map(
            each ->
                new StepExplanation.AtLevel(
                    each.getKey().text(),
                    each.getValue().size(),
                    rowsAt.getOrDefault(each.getKey(), 0L),
                    each.getValue().stream().sorted(BY_KEY).limit(limit).toList()))
        .toList();
  }
}
