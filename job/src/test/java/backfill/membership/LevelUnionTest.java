package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingSeed;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

/** Members by level, united, kept and looked up, beside a map of each to its highest level. */
class LevelUnionTest {
  private static final int LEVELS = 5;

  private final TestingSeed seed = TestingSeed.any();
  private final Random random = new Random(seed.number());

  /** Users of one group, drawn from so many. */
  private Map<Integer, Integer> drawn(int size, int of) {
    Map<Integer, Integer> members = new TreeMap<>(Integer::compareUnsigned);
    for (int i = 0; i < size; i++) {
      members.put(of == 0 ? random.nextInt() : random.nextInt(of), random.nextInt(LEVELS));
    }
    return members;
  }

  private static long[] packed(Map<Integer, Integer> members) {
    return members.entrySet().stream()
        .mapToLong(each -> LevelMembers.packed(each.getKey(), each.getValue()))
        .toArray();
  }

  private static void add(Map<Integer, Integer> to, Map<Integer, Integer> members, int level) {
    members.forEach((user, own) -> to.merge(user, Math.min(own, level), Math::max));
  }

  /** A few are merged and many marked; members that are far apart cannot be marked. */
  @Test
  void eachMemberComesOnceAtTheHighestOfItsLevels() {
    for (int of : new int[] {40, 5_000, 0}) {
      LevelUnion union = of == 0 ? new LevelUnion(0, -1) : new LevelUnion(0, of);
      for (int parts : new int[] {0, 1, 2, 3, 7, 16, 17, 60}) {
        Map<Integer, Integer> expected = new TreeMap<>(Integer::compareUnsigned);
        for (int part = 0; part < parts; part++) {
          Map<Integer, Integer> members = drawn(random.nextInt(50), of);
          int most = random.nextInt(LEVELS);
          union.add(packed(members), most);
          add(expected, members, most);
        }
        assertThat(union.taken())
            .as("%s, %d parts of %d", seed, parts, of)
            .isEqualTo(packed(expected));
      }
    }
  }

  /** Those of two snapshots are up to twice as many as a plan may have. */
  @Test
  void theHighestOfTwiceAsManyLevelsIsTheHighest() {
    LevelUnion union = new LevelUnion(0, 40);
    long[] highest = {LevelMembers.packed(7, 127)};
    for (int parts : new int[] {2, 60}) {
      for (int part = 0; part < parts; part++) {
        union.add(new long[] {LevelMembers.packed(7, part % 100)}, 127);
        union.add(highest, 127);
      }
      assertThat(union.taken()).isEqualTo(highest);
    }
  }

  /** Three times what is held before it is merged, most of it again and again. */
  @Test
  void membersThatAreFarApartAreHeldOnce() {
    LevelUnion union = new LevelUnion(0, -1);
    long[] same = packed(drawn(200_000, 0));
    for (int part = 0; part < 16; part++) {
      union.add(same, part % LEVELS);
    }
    long[] all = union.taken();
    assertThat(all).isEqualTo(same);
    assertThat(union.taken()).isEmpty();
  }

  /** Groups with few and with many users, and users who are named themselves. */
  @Test
  void anObjectHasTheHighestOfAllWays() throws Exception {
    GroupUsers groups = new GroupUsers(LEVELS);
    Map<Integer, Map<Integer, Integer>> users = new TreeMap<>();
    for (int group = 0; group < 40; group++) {
      Map<Integer, Integer> members = drawn(group % 13 == 12 ? 9_000 : random.nextInt(300), 20_000);
      users.put(group, members);
      groups.put(group, LevelMembers.of(packed(members), LEVELS));
    }
    groups.put(40, groups.byLevel(3));
    users.put(40, users.get(3));
    GroupUsers there = GroupUsersTest.sent(groups);
    assertThat(there.bytes()).isEqualTo(groups.bytes());
    ObjectLevels object = new ObjectLevels(LEVELS);
    for (int round = 0; round < 60; round++) {
      Map<Integer, Integer> expected = new TreeMap<>(Integer::compareUnsigned);
      int least = round % 3 == 0 ? 12 : 13;
      for (int i = random.nextInt(round % 5 == 4 ? 35 : 4); i >= 0; i--) {
        int group = random.nextInt(41);
        int level = random.nextInt(LEVELS);
        if (least == 12 || group % 13 != 12) {
          object.addThroughGroup(level, there, there.number(group));
          add(expected, users.get(group), level);
        }
      }
      if (round % 4 == 3) {
        object.addDirect(2, RoaringBitmap.bitmapOf(5, 19_999, 30_000));
        add(expected, Map.of(5, 4, 19_999, 4, 30_000, 4), 2);
      }
      assertKept(object.justified(), expected);
      object.clear();
    }
  }

  private void assertKept(LevelMembers members, Map<Integer, Integer> expected) throws IOException {
    RoaringBitmap all = members.all();
    assertThat(all.toArray()).as(seed.toString()).isEqualTo(ints(expected));
    byte[] set = BitmapBytes.bytes(all);
    for (int setBytes : new int[] {set.length, 0}) {
      LevelsOfSet kept = sent(LevelsOfSet.of(members, setBytes));
      LevelsOfSet.Lookup lookup = kept.in(set);
      Map<Integer, Integer> bySet = new TreeMap<>(Integer::compareUnsigned);
      kept.byLevel(set)
          .forEach(
              at ->
                  BitmapBytes.set(at.members())
                      .forEach((int user) -> assertThat(bySet.put(user, at.level())).isNull()));
      assertThat(bySet).as(seed.toString()).isEqualTo(expected);
      expected.forEach((user, level) -> assertThat(lookup.of(user)).isEqualTo(level));
      expected.entrySet().stream()
          .limit(3)
          .forEach(each -> assertThat(lookup.of(each.getKey())).isEqualTo(each.getValue()));
    }
  }

  private static int[] ints(Map<Integer, Integer> members) {
    return members.keySet().stream().mapToInt(Integer::intValue).toArray();
  }

  private static LevelsOfSet sent(LevelsOfSet levels) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    levels.write(new DataOutputStream(bytes));
    return LevelsOfSet.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
  }
}
