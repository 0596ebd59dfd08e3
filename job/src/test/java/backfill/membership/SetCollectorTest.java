package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What one partition gives, in bounded memory. */
class SetCollectorTest {
  private final List<String> received = new ArrayList<>();
  private final SetCollector sets =
      new SetCollector(2, (key, numbers) -> received.add(key + "=" + numbers));

  @Test
  void nothingIsGivenBeforeTheLimit() {
    sets.add(1, 10);
    sets.add(2, 20);
    sets.add(1, 11);

    assertThat(received).isEmpty();
  }

  @Test
  void keyBeyondTheLimitGivesAwayThoseBefore() {
    sets.add(1, 10);
    sets.add(2, 20);
    sets.add(3, 30);

    assertThat(received).containsExactlyInAnyOrder("1={10}", "2={20}");
    sets.flush();
    assertThat(received).hasSize(3).endsWith("3={30}");
  }

  @Test
  void keyThatComesAgainAfterTheLimitIsAPartOfItsOwn() {
    sets.add(1, 10);
    sets.add(2, 20);
    sets.add(3, 30);
    sets.add(1, 11);
    sets.flush();

    assertThat(received).containsExactlyInAnyOrder("1={10}", "2={20}", "3={30}", "1={11}");
  }

  @Test
  void lastKeyStartsAnewAfterAFlush() {
    sets.add(1, 10);
    sets.flush();
    sets.add(1, 11);
    sets.flush();
    sets.flush();

    assertThat(received).containsExactly("1={10}", "1={11}");
  }

  @Test
  void numberTwiceIsOne() {
    sets.add(0, 7);
    sets.add(0, 7);
    sets.add(-1, -1);
    sets.flush();

    assertThat(received).containsExactlyInAnyOrder("0={7}", "-1={4294967295}");
  }
}
