package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
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
