package backfill.membership.key;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class KeyDictionaryTest {
  private static KeyList list(Iterable<byte[]> keys) {
    DistinctKeys distinct = new DistinctKeys();
    keys.forEach(key -> distinct.add(key, 0, key.length));
    return distinct.list();
  }

  private static byte[] key(int... bytes) {
    byte[] key = new byte[bytes.length];
    for (int i = 0; i < key.length; i++) {
      key[i] = (byte) bytes[i];
    }
    return key;
  }

  @Test
  void numbersAscendWithTheBytesWithoutSign() {
    KeyDictionary dictionary =
        KeyDictionary.of(
            List.of(
                list(List.of(key(0x80), key(), key(0x7F, 0xFF))),
                list(List.of(key(0x7F), key(0xFF)))));

    assertThat(dictionary.size()).isEqualTo(5);
    assertThat(dictionary.number(key())).isZero();
    assertThat(dictionary.number(key(0x7F))).isEqualTo(1);
    assertThat(dictionary.number(key(0x7F, 0xFF))).isEqualTo(2);
    assertThat(dictionary.number(key(0x80))).isEqualTo(3);
    assertThat(dictionary.number(key(0xFF))).isEqualTo(4);
    assertThat(dictionary.number(key(0x81))).isEqualTo(DistinctKeys.ABSENT);
    assertThat(dictionary.numbers(list(List.of(key(0xFF), key(1), key()))))
        .containsExactly(4, DistinctKeys.ABSENT, 0);
  }

  @Test
  void nothingHasNoNumbers() {
    KeyDictionary dictionary = KeyDictionary.of(List.of());

    assertThat(dictionary.size()).isZero();
    assertThat(dictionary.number(key(1))).isEqualTo(DistinctKeys.ABSENT);
  }

  /**
   * Every size around the powers of two that a merge sort goes by. Keys begin alike, up to a place
   * by chance, and some are over before it is told which is first.
   */
  @Test
  void anyNumberOfKeysIsSorted() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int size = 0; size < 150; size++) {
      byte[] beginning = new byte[random.nextInt(12)];
      random.nextBytes(beginning);
      int values = 1 + random.nextInt(256);
      TreeSet<byte[]> expected = new TreeSet<>(Arrays::compareUnsigned);
      while (expected.size() < size) {
        byte[] key = Arrays.copyOf(beginning, beginning.length + random.nextInt(9));
        for (int i = beginning.length; i < key.length; i++) {
          key[i] = (byte) (random.nextInt(values) - values / 2);
        }
        expected.add(key);
        values = Math.min(256, values + 1);
      }
      List<byte[]> shuffled = new ArrayList<>(expected);
      java.util.Collections.shuffle(shuffled, random);
      int middle = size / 3;
      KeyDictionary dictionary =
          KeyDictionary.of(
              List.of(list(shuffled.subList(0, middle)), list(shuffled.subList(middle, size))));
      int number = 0;
      for (byte[] key : expected) {
        assertThat(dictionary.number(key)).as("seed " + seed).isEqualTo(number);
        assertThat(dictionary.keys().key(number++)).as("seed " + seed).containsExactly(key);
      }
    }
  }

  @Test
  void aWiderOneGivesEachKeyItsPlaceThere() {
    KeyDictionary some = KeyDictionary.of(List.of(list(List.of(key(2), key(4), key(6)))));
    KeyDictionary wider =
        KeyDictionary.of(List.of(list(List.of(key(1), key(2), key(3), key(4), key(6), key(7)))));
    KeyDictionary same = KeyDictionary.of(List.of(list(List.of(key(6), key(2), key(4)))));

    assertThat(some.numbersIn(wider)).hasValue(new int[] {1, 3, 4});
    assertThat(some.numbersIn(same)).isEmpty();
  }

  @Test
  void itTravels() throws Exception {
    KeyDictionary dictionary = KeyDictionary.of(List.of(list(List.of(key(9), key(3)))));
    assertThat(dictionary.number(key(9))).isEqualTo(1);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(dictionary);
    }
    KeyDictionary there =
        (KeyDictionary)
            new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();

    assertThat(there.number(key(3))).isZero();
    assertThat(there.number(key(9))).isEqualTo(1);
  }
}
