package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingSeed;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

class LevelClosureTest {
  /**
   * Edges {parent, child, level}, and who is a member of what at which level.
   *
   * @param equal whether every edge passes on any level
   */
  private record Case(
      int groups, int levels, List<int[]> edges, Map<Integer, Map<Integer, Integer>> members) {
    NestingGraph graph(boolean equal) {
      return NestingGraph.of(
          edges.stream().map(edge -> new long[] {edge[0]}).toList(),
          edges.stream().map(edge -> new long[] {edge[1]}).toList(),
          equal ? null : edges.stream().map(edge -> new byte[] {(byte) edge[2]}).toList(),
          java.util.stream.LongStream.range(0, groups).toArray());
    }

    /** For each level what is of it or higher, by a walk to a fixed point. */
    Map<Integer, Map<Integer, Integer>> naive(boolean equal) {
      Map<Integer, Map<Integer, Integer>> best = new HashMap<>();
      for (int level = 0; level < levels; level++) {
        int at = level;
        Map<Integer, Set<Integer>> has = new HashMap<>();
        for (int group = 0; group < groups; group++) {
          Set<Integer> users = new java.util.TreeSet<>();
          members
              .getOrDefault(group, Map.of())
              .forEach(
                  (user, of) -> {
                    if (of >= at) {
                      users.add(user);
                    }
                  });
          has.put(group, users);
        }
        boolean changed = true;
        while (changed) {
          changed = false;
          for (int[] edge : edges) {
            if (equal || edge[2] >= at) {
              changed |= has.get(edge[0]).addAll(has.get(edge[1]));
            }
          }
        }
        has.forEach(
            (group, users) ->
                users.forEach(
                    user -> best.computeIfAbsent(group, first -> new TreeMap<>()).put(user, at)));
      }
      return best;
    }
  }

  /**
   * @param array whether members are given as arrays, and not as sets
   */
  private static Map<Integer, Map<Integer, Integer>> closed(
      Case of, BitSet wanted, boolean equal, boolean array) {
    NestingGraph graph = of.graph(equal);
    long[] last = {0};
    LevelMembers[] closed;
    long own = 0;
    if (array) {
      OwnLevels.InOneArray members = members(of);
      own = members.bytes();
      closed =
          LevelClosure.close(
              graph, Components.of(graph), members, wanted, bytes -> last[0] = bytes);
    } else {
      closed =
          LevelClosure.close(
              graph,
              Components.of(graph),
              sets(of, graph.size()),
              wanted,
              of.levels,
              bytes -> last[0] = bytes);
    }
    Set<LevelMembers> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
    Map<Integer, Map<Integer, Integer>> found = new HashMap<>();
    wanted.stream()
        .filter(number -> closed[number] != null)
        .forEach(
            number -> {
              distinct.add(closed[number]);
              LevelSets sets = closed[number].sets();
              for (int level = 0; level < of.levels; level++) {
                if (sets.at(level) != null) {
                  for (int user : sets.at(level).toArray()) {
                    assertThat(
                            found
                                .computeIfAbsent(number, first -> new TreeMap<>())
                                .put(user, level))
                        .as("user %s of %s has one level", user, number)
                        .isNull();
                  }
                }
              }
            });
    assertThat(last[0]).isEqualTo(own + distinct.stream().mapToLong(LevelMembers::bytes).sum());
    return found;
  }

  private static LevelSets[] sets(Case of, int size) {
    LevelSets[] own = new LevelSets[size];
    of.members.forEach(
        (group, users) -> {
          own[group] = new LevelSets(of.levels);
          users.forEach(
              (user, level) -> {
                own[group].add(level, RoaringBitmap.bitmapOf(user));
                // A lower level of the same user adds nothing.
                own[group].add(level / 2, RoaringBitmap.bitmapOf(user));
              });
        });
    return own;
  }

  /** A user who is a member twice has the higher level, whichever comes first. */
  private static OwnLevels.InOneArray members(Case of) {
    List<Integer> groups = new ArrayList<>();
    List<Integer> users = new ArrayList<>();
    List<Integer> levels = new ArrayList<>();
    of.members.forEach(
        (group, all) ->
            all.forEach(
                (user, level) -> {
                  groups.addAll(List.of(group, group));
                  users.addAll(List.of(user, user));
                  levels.addAll(List.of(level, level / 2));
                }));
    byte[] at = new byte[levels.size()];
    for (int i = 0; i < at.length; i++) {
      at[i] = levels.get(i).byteValue();
    }
    return OwnLevels.InOneArray.of(
        of.groups, List.of(ints(groups)), List.of(ints(users)), List.of(at), of.levels);
  }

  private static int[] ints(List<Integer> some) {
    return some.stream().mapToInt(Integer::intValue).toArray();
  }

  private static Case draw(Random random) {
    int groups = 1 + random.nextInt(25);
    int levels = 1 + random.nextInt(5);
    List<int[]> edges = new ArrayList<>();
    boolean downOnly = random.nextInt(3) == 0;
    boolean span = random.nextInt(4) == 0;
    for (int i = random.nextInt(3 * groups); i >= 0; i--) {
      int parent = random.nextInt(groups);
      int child = downOnly ? parent + random.nextInt(groups - parent) : random.nextInt(groups);
      edges.add(new int[] {parent, child, random.nextInt(levels)});
    }
    Map<Integer, Map<Integer, Integer>> members = new HashMap<>();
    for (int group = 0; group < groups; group++) {
      for (int user = random.nextInt(4); user > 0; user--) {
        members
            .computeIfAbsent(group, first -> new HashMap<>())
            .put(span ? random.nextInt() : random.nextInt(12), random.nextInt(levels));
      }
    }
    return new Case(groups, levels, edges, members);
  }

  /** Of groups some have so many members that they are held as sets beside the arrays of others. */
  private static Case withMany(Case of, Random random) {
    for (int group = 0; group < of.groups; group += 1 + random.nextInt(5)) {
      Map<Integer, Integer> many = of.members.computeIfAbsent(group, first -> new HashMap<>());
      for (int user = random.nextInt(5); user < 12_000; user += 1 + random.nextInt(4)) {
        many.put(user, random.nextInt(of.levels));
      }
    }
    return of;
  }

  @Test
  void randomGraphsWithCirclesCloseAsEachLevelByItselfDoes() {
    TestingSeed seed = TestingSeed.any();
    Random random = new Random(seed.number());
    for (int i = 0; i < 410; i++) {
      Case drawn = i < 400 ? draw(random) : withMany(draw(random), random);
      BitSet wanted = new BitSet();
      for (int group = 0; group < drawn.groups; group++) {
        wanted.set(group, random.nextInt(3) > 0);
      }
      for (boolean equal : new boolean[] {true, false}) {
        Map<Integer, Map<Integer, Integer>> expected = drawn.naive(equal);
        expected.keySet().removeIf(group -> !wanted.get(group));
        for (boolean array : new boolean[] {true, false}) {
          assertThat(closed(drawn, wanted, equal, array))
              .as("%s, draw %d, equal %s, array %s", seed, i, equal, array)
              .isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void aChainThatPassesOnLessAndLessIsClosedInMoments() {
    int size = 100_000;
    long[] parents = new long[size - 1];
    long[] children = new long[size - 1];
    byte[] levels = new byte[size - 1];
    for (int i = 0; i < size - 1; i++) {
      parents[i] = i;
      children[i] = i + 1;
      levels[i] = (byte) (i % 2 == 0 ? 3 : 2);
    }
    NestingGraph graph =
        NestingGraph.of(List.of(parents), List.of(children), List.of(levels), new long[0]);
    LevelSets[] own = new LevelSets[size];
    for (int i = 0; i < size; i++) {
      own[i] = new LevelSets(4);
      own[i].add(i % 4, RoaringBitmap.bitmapOf(i));
    }
    BitSet wanted = new BitSet();
    wanted.set(0);
    LevelSets top =
        LevelClosure.close(graph, Components.of(graph), own, wanted, 4, bytes -> {})[0].sets();
    assertThat(top.all().getCardinality()).isEqualTo(size);
    // All but the first two are passed on by an edge of level 2.
    assertThat(top.at(3)).isNull();
    assertThat(top.at(2).getCardinality()).isEqualTo(size / 2);
  }

  @Test
  void setsThatTakeTooMuchMemoryStopIt() {
    Case of =
        new Case(2, 2, List.of(new int[] {0, 1, 0}, new int[] {1, 0, 1}), Map.of(1, Map.of(1, 1)));
    NestingGraph graph = of.graph(false);
    LevelSets[] own = new LevelSets[2];
    own[1] = new LevelSets(2);
    own[1].add(1, RoaringBitmap.bitmapOf(7));
    BitSet wanted = new BitSet();
    wanted.set(0, 2);
    assertThatThrownBy(
            () ->
                LevelClosure.close(
                    graph,
                    Components.of(graph),
                    own,
                    wanted,
                    2,
                    bytes -> {
                      if (bytes > 200) {
                        throw new IllegalStateException("too much");
                      }
                    }))
        .hasMessage("too much");
  }
}
