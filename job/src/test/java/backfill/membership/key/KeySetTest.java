package backfill.membership.key;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeySetTest {
  private static final long[] KEYS = {Long.MIN_VALUE, -1, 0, 7, 1L << 40, Long.MAX_VALUE};

  @Test
  void keysOfAnyWidthAreInAndOthersAreNot() {
    KeySet set = KeySet.of(List.of(KEYS, new long[] {8}).iterator());

    for (long key : KEYS) {
      assertThat(set.contains(key)).as("" + key).isTrue();
    }
    assertThat(set.contains(8)).isTrue();
    assertThat(set.contains(9)).isFalse();
    assertThat(set.contains((1L << 40) + 1)).isFalse();
  }

  @Test
  void theUnionHasWhatEitherHasAndTravels() throws Exception {
    KeySet set =
        KeySet.union(
            List.of(
                KeySet.of(List.of(KEYS).iterator()),
                KeySet.of(List.of(new long[] {5}).iterator()),
                KeySet.of(List.<long[]>of().iterator())));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(set);
    }
    KeySet there =
        (KeySet) new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();

    assertThat(there.contains(5)).isTrue();
    assertThat(there.contains(7)).isTrue();
    assertThat(there.contains(6)).isFalse();
  }
}
