package backfill;

import org.junit.jupiter.api.Test;

/** More of the plans and command lines with mistakes than there is time for in every build. */
class BadInputFaults extends BadInputTest {
  @Override
  int plans() {
    return 300;
  }

  @Override
  int commands() {
    return 100;
  }

  @Test
  @Override
  void planWithMistakesEndsWithTheirPlaces() throws Exception {
    super.planWithMistakesEndsWithTheirPlaces();
  }

  @Test
  @Override
  void commandWithMistakesEndsWithTheirPlaces() throws Exception {
    super.commandWithMistakesEndsWithTheirPlaces();
  }
}
