package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.roaringbitmap.RoaringBitmap;

/** Sets of few and of many. */
class MemberSetTest {

  /** Below and beyond where an int becomes negative, few and many, near and far apart. */
  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "30, 1000000",
    "700, 1000",
    "4096, 100000",
    "5000, 1000000",
    "300, 2147483647"
  })
  void comesBackFromItsBytesWhateverItHas(int size, int universe) throws Exception {
    Random random = new Random(size);
    RoaringBitmap expected = new RoaringBitmap();
    random
        .ints(size, 0, universe)
        .forEach(member -> expected.add(member + (universe < 1000 ? 0 : Integer.MAX_VALUE - 500)));
    MemberSet set = MemberSet.of(expected.toArray());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    set.write(new DataOutputStream(bytes));

    assertThat((long) bytes.size()).isEqualTo(set.bytesWritten());
    MemberSet back =
        MemberSet.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    assertThat(back.bitmap()).isEqualTo(expected);
    assertThat(set.bitmap()).isEqualTo(expected);
    assertThat(back.size()).isEqualTo(expected.getCardinality());
  }

  @Test
  void fewThatAreFarApartAreNoBitmapAndFewInARowAre() {
    assertThat(MemberSet.of(IntStream.range(0, 400).map(i -> 2500 * i).toArray()).many()).isNull();
    assertThat(MemberSet.of(IntStream.range(0, 4000).toArray()).few()).isNull();
    assertThat(MemberSet.of(IntStream.range(0, 5000).map(i -> 2 * i).toArray()).few()).isNull();
  }

  @Test
  void aSetThatGroupsShareTravelsOnceWithTheirMap() throws Exception {
    GroupUsers groups = new GroupUsers();
    MemberSet shared = MemberSet.of(new int[] {1, 500, -3});
    groups.put(8, shared);
    groups.put(-9, MemberSet.of(RoaringBitmap.bitmapOf(7)));
    groups.put(11, shared);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(groups);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      GroupUsers back = (GroupUsers) in.readObject();
      assertThat(back.asMap()).isEqualTo(groups.asMap());
      assertThat(back.users(back.number(11))).isEqualTo(RoaringBitmap.bitmapOf(1, 500, -3));
      assertThat(back.bytes()).isEqualTo(groups.bytes());
    }
  }

  @Test
  void gatheredMembersComeOutOnceAndInOrderUnionAfterUnion() {
    for (int apart : new int[] {1, 700, 400_000_000}) {
      Gathering gathering = new Gathering(-7, -7 + 10 * apart);
      for (int round = 1; round < 6; round++) {
        int step = round;
        gathering.add(
            MemberSet.of(IntStream.rangeClosed(0, step).map(i -> -7 + i * apart).toArray()));
        gathering.add(MemberSet.of(RoaringBitmap.bitmapOf(-7, -7 + 10 * apart)));
        RoaringBitmap expected = RoaringBitmap.bitmapOf(-7 + 10 * apart);
        IntStream.rangeClosed(0, step).forEach(i -> expected.add(-7 + i * apart));
        assertThat(gathering.taken()).containsExactly(expected.toArray());
      }
    }
  }
}
