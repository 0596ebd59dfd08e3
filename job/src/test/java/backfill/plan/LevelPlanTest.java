package backfill.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import backfill.plan.level.LevelOrder;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a plan says of levels. */
class LevelPlanTest {
  private static final String TEXTS =
      """
      name = levels
      sources { owners = owner, grants = granted, members = member, edges = edge }
      steps = [{ name = pairs, kind = pairs
        levels  = [read, write, admin]
        direct  = [{ from = owners, object = o, user = u, level = admin }]
        through = [{ from = grants, object = o, group = g, level = role }]
        members = [{ from = members, group = g, user = u, level = "'read'" }]
        nested  = [{ from = edges, parent = p, child = c, level = access }]
        into    = { table = sees, object = o, user = u, level = l } }]
      """;

  private static final String NUMBERS =
      """
      name = levels
      params.top = 50
      sources { owners = owner, grants = granted, members = member }
      steps = [{ name = pairs, kind = pairs
        direct  = [{ from = owners, object = o, user = u, level = ${params.top} }]
        through = [{ from = grants, object = o, group = g }]
        members = [{ from = members, group = g, user = u, level = access }]
        into    = { table = sees, object = o, user = u, level = l } }]
      """;

  private static Step.Pairs step(String text) {
    return (Step.Pairs) PlanFile.read("levels.conf", text, List.of(), "1").steps().get(0);
  }

  @Test
  void aLevelIsAColumnOrOneForAllRows() {
    Step.Pairs step = step(TEXTS);
    assertThat(step.grants().levels())
        .isEqualTo(new LevelOrder(List.of("read", "write", "admin"), false));
    assertThat(step.direct().get(0).level())
        .isEqualTo(Optional.of(new LevelOrder.OfSource(null, "admin", true)));
    assertThat(step.through().get(0).level())
        .isEqualTo(Optional.of(new LevelOrder.OfSource("role", null, false)));
    assertThat(step.members().get(0).level())
        .isEqualTo(Optional.of(new LevelOrder.OfSource(null, "read", false)));
    assertThat(step.nested().get(0).level())
        .isEqualTo(Optional.of(new LevelOrder.OfSource("access", null, false)));
    assertThat(step.into().level()).isEqualTo(Optional.of("l"));
    assertThat(step.written()).containsExactly("o", "u", "l");

    Step.Pairs numbers = step(NUMBERS);
    assertThat(numbers.grants().levels()).isEqualTo(LevelOrder.OF_SOURCES);
    assertThat(numbers.direct().get(0).level())
        .isEqualTo(Optional.of(new LevelOrder.OfSource(null, "50", false)));
    assertThat(numbers.through().get(0).level()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        ", level = l }|}|5|direct.level of step pairs needs into.level, the target's column that takes it",
        ", level = l }|, level = o }|9|into.level of step pairs is the column o, which is part of the key; name another",
        "level = admin|level = \"'boss'\"|5|direct.level of step pairs is boss, which is not among levels; these are read, write, admin",
        "level = admin|level = 3|5|direct.level of step pairs is the number 3, and levels has texts; name one of them, or a column",
        "level = admin|level = 1.5|5|direct.level of step pairs must be a whole number or a column's name, got 1.5",
        "level = admin|level = [admin]|5|direct.level of step pairs must be a column's name or a level, got a list",
        ", level = admin }|}|5|direct of step pairs grants something without a level, and into.level wants one; give it level, a column or a constant",
        "[read, write, admin]|[read, 2]|4|levels of step pairs must be numbers alone or texts alone",
        "[read, write, admin]|[admin, admin]|4|levels of step pairs has admin twice",
        "[read, write, admin]|[]|4|levels of step pairs must have 1 to 64 levels, got 0",
        "[read, write, admin]|3|4|levels of step pairs must be a list in ascending order, as in [read, write, admin], got 3",
        "[read, write, admin]|[30, 20]|4|levels of step pairs must ascend, got 20 behind 30",
        "[read, write, admin]|[1, 2.5]|4|levels of step pairs must hold whole numbers, got 2.5",
      })
  void whatIsWrongIsNamedWithItsLine(String from, String to, int line, String message) {
    List<InvalidPlanException.Problem> problems = problems(TEXTS.replace(from, to));
    assertThat(problems)
        .as(problems.toString())
        .anyMatch(problem -> problem.message().equals(message) && problem.line() == line);
  }

  @Test
  void aWayThatHasNoLevelAtAllIsRefused() {
    assertThat(problems(NUMBERS.replace(", level = access", "")))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.line()).isEqualTo(6);
              assertThat(problem.message())
                  .isEqualTo(
                      "through from grants and members from members of step pairs both have no level, and into.level wants one; give one of them level, a column or a constant");
            });
    // An edge is not on the way of a user who is in the granted group itself.
    assertThat(problems(TEXTS.replace(", level = role", "").replace(", level = \"'read'\"", "")))
        .hasSize(1);
  }

  private static List<InvalidPlanException.Problem> problems(String text) {
    return catchThrowableOfType(
            InvalidPlanException.class, () -> PlanFile.read("levels.conf", text, List.of(), "1"))
        .problems();
  }
}
