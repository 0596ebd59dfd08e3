package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingRandomGrants;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

/** Flatten and diff on random grants, against the same written a second time with plain sets. */
class FlattenTest {

  /** Two columns of a source: an object, or a group, and whom it has. */
  private record Row(long one, long other) {}

  @Test
  void pairsAreThoseOfPlainSets() {
    long seed = TestingRandomGrants.anySeed();
    System.out.println("FlattenTest: backfill.seed=" + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      List<Row> direct = rows(random, 30);
      List<Row> through = rows(random, 15);
      List<Row> members = rows(random, 40);
      List<Row> existing = rows(random, 20);
      UserIndex index =
          random.nextBoolean() ? UserIndex.startingAt(Integer.MIN_VALUE) : named(direct, members);

      Set<Row> expected = new HashSet<>(direct);
      for (Row grant : through) {
        members.stream()
            .filter(member -> member.one() == grant.other())
            .forEach(member -> expected.add(new Row(grant.one(), member.other())));
      }
      Set<Row> toInsert = new HashSet<>(expected);
      existing.forEach(toInsert::remove);
      long surplus =
          new HashSet<>(existing).stream().filter(row -> !expected.contains(row)).count();

      Flattened flattened = flatten(index, direct, through, members, new HashSet<>(existing));
      assertThat(flattened.toInsert()).isEqualTo(toInsert);
      assertThat(flattened.surplus()).isEqualTo(surplus);
    }
  }

  /** From both ends of integer and around 0; groups and objects repeat. */
  private static List<Row> rows(Random random, int atMost) {
    List<Row> rows = new ArrayList<>();
    for (int i = random.nextInt(atMost + 1); i > 0; i--) {
      rows.add(new Row(key(random), key(random)));
    }
    return rows;
  }

  private static long key(Random random) {
    int near = random.nextInt(5) - 2;
    return switch (random.nextInt(3)) {
      case 0 -> Integer.MAX_VALUE - 2 + near;
      case 1 -> Integer.MIN_VALUE + 2 + near;
      default -> near;
    };
  }

  private static UserIndex named(List<Row> direct, List<Row> members) {
    TreeSet<Long> users = new TreeSet<>();
    direct.forEach(row -> users.add(row.other()));
    members.forEach(row -> users.add(row.other()));
    return UserIndex.of(users.stream().mapToLong(Long::longValue).toArray());
  }

  private record Flattened(Set<Row> toInsert, long surplus) {}

  private static Flattened flatten(
      UserIndex index, List<Row> direct, List<Row> through, List<Row> members, Set<Row> existing) {
    GroupUsers groups = new GroupUsers();
    SetCollector memberSets = new SetCollector(2, groups::add);
    members.forEach(row -> memberSets.add(row.one(), (int) index.of(row.other())));
    memberSets.flush();
    Map<Long, ObjectUsers> objects = new HashMap<>();
    SetCollector directSets =
        new SetCollector(3, (object, users) -> of(objects, object).addDirect(users));
    direct.forEach(row -> directSets.add(row.one(), (int) index.of(row.other())));
    directSets.flush();
    for (Row row : through) {
      int group = groups.number(row.other());
      if (group != GroupUsers.EMPTY) {
        of(objects, row.one()).addThroughGroup(groups.users(group));
      }
    }
    for (Row row : existing) {
      long user = index.of(row.other());
      if (user == UserIndex.UNKNOWN) {
        of(objects, row.one()).addUnknownExisting(1);
      } else {
        of(objects, row.one()).addExisting(RoaringBitmap.bitmapOf((int) user));
      }
    }
    Set<Row> toInsert = new HashSet<>();
    long surplus = 0;
    for (Map.Entry<Long, ObjectUsers> object : objects.entrySet()) {
      RoaringBitmap justified = object.getValue().justified();
      surplus += object.getValue().surplus(justified);
      RoaringBitmap absent = RoaringBitmap.andNot(justified, object.getValue().existing());
      for (int number : BitmapBytes.set(BitmapBytes.bytes(absent)).toArray()) {
        toInsert.add(new Row(object.getKey(), index.key(number)));
      }
    }
    return new Flattened(toInsert, surplus);
  }

  private static ObjectUsers of(Map<Long, ObjectUsers> objects, long object) {
    return objects.computeIfAbsent(object, key -> new ObjectUsers());
  }
}
