package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingSeed;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

class ClosureTest {
  private long most;

  /** Edges {parent, child}, and who is a member of what by itself. */
  private record Case(List<long[]> edges, Map<Long, Set<Integer>> members) {
    NestingGraph graph() {
      return NestingGraph.of(
          edges.stream().map(edge -> new long[] {edge[0]}).toList(),
          edges.stream().map(edge -> new long[] {edge[1]}).toList(),
          new long[0]);
    }

    /** By a walk from the group down, each time anew. */
    Set<Integer> naive(long group) {
      Set<Long> seen = new HashSet<>(Set.of(group));
      Deque<Long> open = new ArrayDeque<>(seen);
      Set<Integer> users = new TreeSet<>();
      while (!open.isEmpty()) {
        long at = open.pop();
        users.addAll(members.getOrDefault(at, Set.of()));
        for (long[] edge : edges) {
          if (edge[0] == at && seen.add(edge[1])) {
            open.push(edge[1]);
          }
        }
      }
      return users;
    }
  }

  private Map<Long, Set<Integer>> closed(Case of, Set<Long> wanted) {
    NestingGraph graph = of.graph();
    RoaringBitmap[] own = new RoaringBitmap[graph.size()];
    BitSet asked = new BitSet();
    for (int number = 0; number < graph.size(); number++) {
      asked.set(number, wanted.contains(graph.key(number)));
      Set<Integer> users = of.members.get(graph.key(number));
      own[number] =
          users == null
              ? null
              : RoaringBitmap.bitmapOf(users.stream().mapToInt(Integer::intValue).toArray());
    }
    most = 0;
    long[] last = {0};
    RoaringBitmap[] closed =
        new Closure(graph, Components.of(graph), asked)
            .close(
                own,
                bytes -> {
                  most = Math.max(most, bytes);
                  last[0] = bytes;
                });
    Map<Long, Set<Integer>> found = new HashMap<>();
    Set<RoaringBitmap> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
    asked.stream()
        .filter(number -> closed[number] != null)
        .forEach(
            number -> {
              distinct.add(closed[number]);
              found.put(graph.key(number), new TreeSet<>(closed[number].stream().boxed().toList()));
            });
    assertThat(last[0]).isEqualTo(distinct.stream().mapToLong(BitmapBytes::onHeap).sum());
    assertThat(gathered(of, graph, asked)).isEqualTo(found);
    return found;
  }

  /** The same of members that come as pairs. */
  private static Map<Long, Set<Integer>> gathered(Case of, NestingGraph graph, BitSet asked) {
    List<int[]> pairs = new ArrayList<>();
    of.members.forEach(
        (group, users) ->
            users.forEach(
                user -> {
                  if (graph.number(group) != NestingGraph.ABSENT) {
                    pairs.add(new int[] {graph.number(group), user});
                  }
                }));
    Collections.shuffle(pairs, new Random(pairs.size()));
    int[] owners = pairs.stream().mapToInt(pair -> pair[0]).toArray();
    int[] members = pairs.stream().mapToInt(pair -> pair[1]).toArray();
    OwnMembers own =
        OwnMembers.of(graph.size(), List.of(owners, owners), List.of(members, members));
    long[] last = {0};
    MemberSet[] closed =
        new Closure(graph, Components.of(graph), asked).close(own, bytes -> last[0] = bytes);
    Map<Long, Set<Integer>> found = new HashMap<>();
    Set<MemberSet> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
    asked.stream()
        .filter(number -> closed[number] != null)
        .forEach(
            number -> {
              distinct.add(closed[number]);
              found.put(
                  graph.key(number),
                  new TreeSet<>(closed[number].bitmap().stream().boxed().toList()));
            });
    assertThat(last[0])
        .isEqualTo(own.bytes() + distinct.stream().mapToLong(MemberSet::bytes).sum());
    return found;
  }

  private static Map<Long, Set<Integer>> expected(Case of, Set<Long> wanted) {
    Map<Long, Set<Integer>> expected = new HashMap<>();
    NestingGraph graph = of.graph();
    for (long group : wanted) {
      Set<Integer> users = of.naive(group);
      if (graph.number(group) != NestingGraph.ABSENT && !users.isEmpty()) {
        expected.put(group, users);
      }
    }
    return expected;
  }

  @Test
  void randomGraphsWithCirclesCloseAsANaiveWalkClosesThem() {
    TestingSeed seed = TestingSeed.any();
    Random random = new Random(seed.number());
    for (int draw = 0; draw < 300; draw++) {
      int groups = 1 + random.nextInt(40);
      long[] keys = random.longs(groups).toArray();
      List<long[]> edges = new ArrayList<>();
      int count = 1 + random.nextInt(2 * groups);
      boolean downOnly = random.nextBoolean();
      int apart = List.of(1, 3, 5_000, 30_000_000).get(random.nextInt(4));
      for (int i = 0; i < count; i++) {
        int parent = random.nextInt(groups);
        int child = downOnly ? parent + random.nextInt(groups - parent) : random.nextInt(groups);
        edges.add(new long[] {keys[parent], keys[child]});
      }
      Map<Long, Set<Integer>> members = new HashMap<>();
      Set<Long> wanted = new HashSet<>();
      for (long key : keys) {
        if (random.nextInt(3) > 0) {
          Set<Integer> users = new HashSet<>();
          random.ints(1 + random.nextInt(5), 0, 60).forEach(user -> users.add(user * apart));
          members.put(key, users);
        }
        if (random.nextInt(3) == 0) {
          wanted.add(key);
        }
      }
      Case of = new Case(edges, members);
      assertThat(closed(of, wanted)).as("%s", seed).isEqualTo(expected(of, wanted));
    }
  }

  /** More groups in a level than one core takes, some below all, and one that many share. */
  @Test
  void whatAllCoresUniteIsWhatEachHolds() {
    Random random = new Random(5);
    int leaves = 3_000;
    int parents = 1_500;
    List<long[]> edges = new ArrayList<>();
    Map<Long, Set<Integer>> members = new HashMap<>();
    Map<Long, Set<Integer>> expected = new HashMap<>();
    for (long leaf = 0; leaf < leaves; leaf++) {
      members.put(leaf, new TreeSet<>(random.ints(4, 0, 9_000).boxed().toList()));
      expected.put(leaf, members.get(leaf));
    }
    for (long parent = leaves; parent < leaves + parents; parent++) {
      Set<Integer> all = new TreeSet<>();
      for (long leaf : random.longs(parent % 500 == 0 ? 2_500 : 5, 0, leaves).toArray()) {
        edges.add(new long[] {parent, leaf});
        all.addAll(members.get(leaf));
      }
      expected.put(parent, all);
      edges.add(new long[] {parent + parents, parent});
      expected.put(parent + parents, all);
    }
    Case of = new Case(edges, members);
    NestingGraph graph = of.graph();
    BitSet all = new BitSet();
    all.set(0, graph.size());
    Map<Long, Set<Integer>> gathered = gathered(of, graph, all);
    expected.keySet().removeIf(group -> graph.number(group) == NestingGraph.ABSENT);
    assertThat(gathered).isEqualTo(expected);
  }

  @Test
  void circlesSelfNestingDiamondsAndDanglingEdgesAreWhatTheySay() {
    // 1 > 2 > 3 > 1 is a circle, below it 4 and 5 with 6 below both, 7 in itself, 8 without
    // members.
    List<long[]> edges =
        List.of(
            new long[] {1, 2},
            new long[] {2, 3},
            new long[] {3, 1},
            new long[] {3, 4},
            new long[] {3, 5},
            new long[] {4, 6},
            new long[] {5, 6},
            new long[] {5, 6},
            new long[] {7, 7},
            new long[] {8, 99});
    Case of = new Case(edges, Map.of(1L, Set.of(10), 6L, Set.of(60, 61), 7L, Set.of(70)));
    assertThat(closed(of, Set.of(1L, 2L, 4L, 7L, 8L)))
        .isEqualTo(
            Map.of(
                1L, Set.of(10, 60, 61),
                2L, Set.of(10, 60, 61),
                4L, Set.of(60, 61),
                7L, Set.of(70)));

    Components components = Components.of(of.graph());
    assertThat(components.cycles()).isEqualTo(1);
    assertThat(components.inCycles()).isEqualTo(3);
    assertThat(components.selfNested()).isEqualTo(1);
    assertThat(components.firstCycles(20, 2))
        .containsExactly(new Components.Cycle(3, List.of(1L, 2L)));
  }

  @Test
  void aChainOfAHundredThousandNeedsNoStackAndHoldsOneSet() {
    int length = 100_000;
    List<long[]> edges = IntStream.range(0, length).mapToObj(i -> new long[] {i, i + 1L}).toList();
    Map<Long, Set<Integer>> members = new HashMap<>();
    for (int group = 0; group <= length; group++) {
      members.put((long) group, Set.of(group));
    }
    Map<Long, Set<Integer>> closed = closed(new Case(edges, members), Set.of(0L, 50_000L));
    assertThat(closed.get(0L)).hasSize(length + 1);
    assertThat(closed.get(50_000L)).hasSize(length / 2 + 1);
    // The sets of the groups themselves, and about one more.
    RoaringBitmap one = RoaringBitmap.bitmapOf(1);
    assertThat(most).isLessThan((length + 1L) * BitmapBytes.onHeap(one) + (1 << 16));

    int[] ring = IntStream.range(0, length).toArray();
    NestingGraph circle =
        NestingGraph.of(
            List.of(IntStream.of(ring).asLongStream().toArray()),
            List.of(IntStream.of(ring).mapToLong(i -> (i + 1L) % length).toArray()),
            new long[0]);
    assertThat(Components.of(circle).inCycles()).isEqualTo(length);
    assertThat(Components.of(circle).firstCycles(20, 20).get(0).first()).hasSize(20);
  }

  @Test
  void manyLevelsOfGroupsThatAreGrantedShareASetWhereTheyHaveNoMembersOfTheirOwn() {
    int length = 20_000;
    long[] parents = LongStream.range(0, length).toArray();
    long[] children = LongStream.rangeClosed(1, length).toArray();
    NestingGraph graph = NestingGraph.of(List.of(parents), List.of(children), new long[0]);
    RoaringBitmap[] own = new RoaringBitmap[graph.size()];
    own[length] = new RoaringBitmap();
    IntStream.range(0, 20_000).forEach(user -> own[length].add(3 * user));
    BitSet all = new BitSet();
    all.set(0, graph.size());
    RoaringBitmap[] closed =
        new Closure(graph, Components.of(graph), all).close(own, bytes -> most = bytes);
    assertThat(closed[0]).isSameAs(closed[length]);
    assertThat(most).isEqualTo(BitmapBytes.onHeap(closed[0]));
  }

  @Test
  void whatIsHeldMayEndTheClosure() {
    Case of = new Case(List.of(new long[] {1, 2}), Map.of(2L, Set.of(5)));
    NestingGraph graph = of.graph();
    BitSet all = new BitSet();
    all.set(0, 2);
    assertThatThrownBy(
            () ->
                new Closure(graph, Components.of(graph), all)
                    .close(
                        new RoaringBitmap[] {null, RoaringBitmap.bitmapOf(5)},
                        bytes -> {
                          throw new IllegalStateException(bytes + " bytes");
                        }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(new Closure(graph, Components.of(graph), all).reached().cardinality()).isEqualTo(2);
  }
}
