package backfill.plan;

import static backfill.plan.TestingPlans.SMALL;
import static backfill.plan.TestingPlans.problems;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that bring a parser, or the terminal of a reader, down. */
class BadTextTest {
  @ParameterizedTest
  @ValueSource(strings = {"[", "{ a = ", "{ a ", "[{ b ", "a."})
  void whatIsNestedTooDeepIsRefusedWithItsLine(String piece) {
    assertThat(problems(SMALL + "x = " + piece.repeat(100_000)))
        .containsExactly(
            "test.conf:7: blocks, lists or a key's parts are nested more than 100 deep, which no plan needs;"
                + " look for braces or brackets that are not closed");
  }

  @Test
  void keyOfManyPartsIsRefusedWithItsLine() {
    assertThat(problems(SMALL + "a.".repeat(50_000) + "a = 1\n"))
        .containsExactly(
            "test.conf:7: blocks, lists or a key's parts are nested more than 100 deep, which no plan needs;"
                + " look for braces or brackets that are not closed");
  }

  @Test
  void bracketsOfTextsAndCommentsAreNotCounted() {
    assertThat(
            problems(
                SMALL.replace("admins", "\"" + "{[".repeat(200) + "\"")
                    + ("# {" + "[".repeat(200) + "\n").repeat(2)))
        .isEmpty();
  }

  @Test
  void chainOfSubstitutionsIsRefused() {
    String chain =
        IntStream.range(0, 20_000)
            .mapToObj(i -> "k%d = ${k%d}\n".formatted(i, i + 1))
            .collect(Collectors.joining());

    assertThat(problems(SMALL + chain))
        .containsExactly(
            "test.conf: its substitutions lead from one to the next without an end in sight; write the values");
  }

  @Test
  void valueThatSteersATerminalIsShownEscaped() {
    assertThat(problems(SMALL.replace("pairs\n", "\"\\u001b[31m\\u0000\\ud800\\u202ex\\ny\"\n")))
        .containsExactly(
            "test.conf:4: kind of step one must be pairs, rows, batches or ddl, got"
                + " \\u001b[31m\\u0000\\ud800\\u202ex\\u000ay");
  }

  @Test
  void valueWithoutEndLosesItsMiddle() {
    assertThat(problems(SMALL.replace("kind = pairs", "kind = " + "x".repeat(100_000))))
        .hasSize(1)
        .allSatisfy(
            problem ->
                assertThat(problem)
                    .hasSizeLessThan(1_100)
                    .startsWith("test.conf:4: kind of step one must be pairs, rows, batches or ddl")
                    .contains("xxx … (99,0")
                    .endsWith("xxx"));
  }

  @Test
  void keyThatIsNotSeenIsInQuotes() {
    assertThat(problems(SMALL + "\"\" = 1\n\"a b\" = 1\n\"\\u0007\" = 1\n"))
        .containsExactly(
            "test.conf:7: unknown key \"\" in the plan",
            "test.conf:8: unknown key \"a b\" in the plan",
            "test.conf:9: unknown key \"\\u0007\" in the plan");
  }

  @ParameterizedTest
  @ValueSource(strings = {"include \"x\"", "include nothing", "include {}", "include url( \"x\")"})
  void includeIsRefusedHoweverItIsWritten(String include) {
    assertThat(problems(SMALL + include + "\n"))
        .contains("test.conf:7: include is not allowed; a plan is one file");
  }

  @Test
  void wordOfAnotherTypeIsToldWhichWordsThereAre() {
    assertThat(problems(SMALL.replace("into =", "surplus = true, into =")))
        .containsExactly(
            "test.conf:6: surplus of step one must be report or delete or ignore, got true");
  }
}
