package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

/** The group to users map. */
class GroupUsersTest {
  private final GroupUsers groups = new GroupUsers();

  @Test
  void partsOfOneGroupAreMerged() {
    groups.add(5, RoaringBitmap.bitmapOf(1, 2));
    groups.add(-9, RoaringBitmap.bitmapOf(3));
    groups.add(5, RoaringBitmap.bitmapOf(2, 4));

    assertThat(groups.asMap()).isEqualTo(Map.of(5L, List.of(1, 2, 4), -9L, List.of(3)));
    assertThat(groups.size()).isEqualTo(2);
    assertThat(groups.users(groups.number(5))).isEqualTo(RoaringBitmap.bitmapOf(1, 2, 4));
  }

  @Test
  void groupWithoutMembersHasNoNumber() {
    groups.add(5, RoaringBitmap.bitmapOf(1));

    assertThat(groups.number(6)).isEqualTo(GroupUsers.EMPTY);
    assertThat(groups.number(5)).isZero();
  }

  @Test
  void receivedSetIsNotSharedWithItsGiver() {
    RoaringBitmap given = RoaringBitmap.bitmapOf(1);
    groups.add(5, given);
    given.add(2);
    groups.add(5, RoaringBitmap.bitmapOf(3));

    assertThat(groups.users(0)).isEqualTo(RoaringBitmap.bitmapOf(1, 3));
    assertThat(given).isEqualTo(RoaringBitmap.bitmapOf(1, 2));
  }

  @Test
  void travelsToAnExecutorWhole() throws Exception {
    groups.add(5, RoaringBitmap.bitmapOf(1, -1));
    assertThat(sent(groups).asMap()).isEqualTo(Map.of(5L, List.of(1, -1)));
  }

  /** As it is once it has come to an executor. */
  static GroupUsers sent(GroupUsers groups) throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(groups);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (GroupUsers) in.readObject();
    }
  }
}
