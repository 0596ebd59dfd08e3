package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.roaringbitmap.RoaringBitmap;

/** One object's users. */
class ObjectUsersTest {
  private final ObjectUsers users = new ObjectUsers();

  @Test
  void userNamedTwiceIsJustifiedOnce() {
    users.addDirect(RoaringBitmap.bitmapOf(1, 2));
    users.addThroughGroup(RoaringBitmap.bitmapOf(2, 3));
    users.addThroughGroup(RoaringBitmap.bitmapOf(3, 4));

    assertThat(users.justified()).isEqualTo(RoaringBitmap.bitmapOf(1, 2, 3, 4));
  }

  @Test
  void userNamedBothWaysCountsAsDirect() {
    users.addDirect(RoaringBitmap.bitmapOf(1, 2));
    users.addThroughGroup(RoaringBitmap.bitmapOf(2, 3));

    assertThat(users.directOf(users.justified())).isEqualTo(2);
    assertThat(users.directOf(RoaringBitmap.bitmapOf(3))).isZero();
  }

  @Test
  void rowsThatNothingJustifiesAreSurplusKnownUserOrNot() {
    users.addDirect(RoaringBitmap.bitmapOf(1));
    users.addExisting(RoaringBitmap.bitmapOf(1, 5));
    users.addExisting(RoaringBitmap.bitmapOf(6));
    users.addUnknownExisting(3);

    assertThat(users.existing()).isEqualTo(RoaringBitmap.bitmapOf(1, 5, 6));
    assertThat(users.surplus(users.justified())).isEqualTo(5);
  }

  /** Few and many, thin and thick, below and beyond where an int becomes negative. */
  @ParameterizedTest
  @CsvSource({
    "2, 10, 100",
    "5, 26, 15000",
    "5, 1000, 2500",
    "5, 1000, 60000",
    "5, 1000, 2147483647",
    "30, 300, 70000",
    "3, 40000, 60000",
    "40, 1, 2147483647",
    "6, 5000, 1000000"
  })
  void everyUserOfEverySetAndNobodyElse(int sets, int members, int universe) {
    Random random = new Random(sets * 31L + members);
    Set<Integer> expected = new HashSet<>();
    List<RoaringBitmap> given = new ArrayList<>();
    for (int i = 0; i < sets; i++) {
      RoaringBitmap set = new RoaringBitmap();
      for (int j = 0; j < members; j++) {
        int user = random.nextInt(universe) - (i % 2 == 0 ? 0 : universe / 2);
        set.add(user);
        expected.add(user);
      }
      given.add(set.clone());
      if (i % 3 == 0) {
        users.addDirect(set);
      } else {
        users.addThroughGroup(set);
      }
      given.add(set);
    }

    RoaringBitmap justified = users.justified();

    assertThat(justified.toArray())
        .containsExactlyInAnyOrder(expected.stream().mapToInt(user -> user).toArray());
    justified.clear();
    for (int i = 0; i < given.size(); i += 2) {
      assertThat(given.get(i + 1)).as("a set that was given").isEqualTo(given.get(i));
    }
  }

  @Test
  void nextObjectInheritsNothing() {
    users.addDirect(RoaringBitmap.bitmapOf(1));
    users.addThroughGroup(RoaringBitmap.bitmapOf(2));
    users.addExisting(RoaringBitmap.bitmapOf(3));
    users.addUnknownExisting(4);
    RoaringBitmap before = users.justified();
    users.clear();

    assertThat(users.justified().isEmpty()).isTrue();
    assertThat(users.existing().isEmpty()).isTrue();
    assertThat(users.surplus(users.justified())).isZero();
    assertThat(before).isEqualTo(RoaringBitmap.bitmapOf(1, 2));
  }
}
