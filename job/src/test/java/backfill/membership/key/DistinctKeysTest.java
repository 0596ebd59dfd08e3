package backfill.membership.key;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DistinctKeysTest {
  private static byte[] bytes(String key) {
    return key.getBytes(StandardCharsets.UTF_8);
  }

  private static int add(DistinctKeys keys, String key) {
    byte[] bytes = bytes("(" + key + ")");
    return keys.add(bytes, 1, bytes.length - 1);
  }

  @Test
  void aKeyIsNumberedWhenItFirstComes() {
    DistinctKeys keys = new DistinctKeys();

    assertThat(add(keys, "b")).isZero();
    assertThat(add(keys, "")).isEqualTo(1);
    assertThat(add(keys, "a")).isEqualTo(2);
    assertThat(add(keys, "")).isEqualTo(1);
    assertThat(add(keys, "b")).isZero();
    assertThat(keys.list().size()).isEqualTo(3);
    assertThat(keys.list().key(1)).isEmpty();
    assertThat(keys.list().key(2)).containsExactly(bytes("a"));
  }

  @Test
  void keysThatBeginOrEndAlikeAreTold() {
    DistinctKeys keys = new DistinctKeys();

    assertThat(add(keys, "\0")).isZero();
    assertThat(add(keys, "\0\0")).isEqualTo(1);
    assertThat(add(keys, "12345678")).isEqualTo(2);
    assertThat(add(keys, "12345678\0")).isEqualTo(3);
    assertThat(add(keys, "123456781234567")).isEqualTo(4);
    assertThat(add(keys, "1234567812345678")).isEqualTo(5);
  }

  /** Against a map of Java's, over many times its first size. */
  @Test
  void manyKeysKeepTheirNumbers() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    DistinctKeys keys = new DistinctKeys();
    Map<String, Integer> expected = new HashMap<>();
    for (int i = 0; i < 50_000; i++) {
      String key = "user-" + "x".repeat(random.nextInt(12)) + random.nextInt(10_000);
      assertThat(add(keys, key))
          .as("seed " + seed + ", " + key)
          .isEqualTo(expected.computeIfAbsent(key, added -> expected.size()));
    }
    KeyList list = keys.list();
    assertThat(list.size()).isEqualTo(expected.size());
    assertThat(keys.byteCount()).isEqualTo(list.byteCount());
    expected.forEach((key, number) -> assertThat(list.key(number)).containsExactly(bytes(key)));
  }

  @Test
  void ascendingNumbersSpreadOverTheTable() {
    int[] slices = new int[16];
    for (int i = 0; i < 16_000; i++) {
      byte[] uuid = KeyText.uuidBytes("00000000-0000-7000-8000-%012x".formatted(i)).orElseThrow();
      slices[DistinctKeys.hash(uuid, 0, uuid.length) >>> 28]++;
    }
    for (int size : slices) {
      assertThat(size).isBetween(800, 1200);
    }
  }
}
