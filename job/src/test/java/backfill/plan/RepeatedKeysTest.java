package backfill.plan;

import static backfill.plan.TestingPlans.SMALL;
import static backfill.plan.TestingPlans.problems;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RepeatedKeysTest {
  @Test
  void aKeyGivenTwiceNamesBothLines() {
    assertThat(found("a = 1\nb = 2\na = 3"))
        .containsExactly("t:3: a is given twice, first on line 1; keep one");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a = 1, \"a\" = 2",
        "a = 1; b\na : 2",
        "a.b = 1\na.\"b\" = 2",
        "a { x = 1 }\na { y = 2 }",
        "a { x = 1 }, a = { y = 2 }",
        "a = [1]\na += 2",
        "{ a = 1, a = 2 }",
        "o { p { a = 1\n a = 2 } }",
        "o = [{ a = 1 }, { a = 1, a = 2 }]",
        "o = [[{ a = 1, a = 2 }]]",
        "a = \"\"\"x } = \"\"\"\"\na = 2",
        "a = \"\\\"\"\na = 2",
        "a = x#y\na = 2",
        "a = http//b = 1 \na = 2",
        "a = 1\r\na = 2",
        "a\n= 1\na = 2",
        "# a = 1\na = 2 // a = 3\na = 4",
        "a b = 1\na b = 2",
        "o { a = ${x} \n a = 2 }, x = 1",
        "o = [1] [{ a = 1, a = 2 }]",
        "sources { grants = t\n \"grants\" { table = u } }"
      })
  void aKeyGivenTwiceIsFoundInAnyNotation(String text) {
    assertThat(found(text)).singleElement().asString().contains(" is given twice, first on line ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a { b = 1 }\na.c = 2",
        "a.c = 2\na { b = 1 }",
        "a = 1\na.b = 2",
        "a.b.c = 1\na.b { d = 2 }"
      })
  void aKeyInsideAnotherIsFound(String text) {
    assertThat(found(text)).singleElement().asString().contains(" would be merged with ");
  }

  @Test
  void aKeyInsideAnotherNamesBothLines() {
    assertThat(found("limits {\n a = 1\n}\nlimits.b = 2"))
        .containsExactly(
            "t:4: limits.b would be merged with limits on line 1; put both in one block");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.b = 1\na.c = 2",
        "a = { x = 1 }\nb = { x = 1 }",
        "a = [{ x = 1 }, { x = 1 }]",
        "a = [{ x = 1 }\n { x = 1 }]",
        "a = [{ x = 1 }\n # comment\n, { x = 1 },\n]",
        "a = \"\"\"\na = 1\na = 2\n\"\"\"",
        "a = \"a = 1, a = 2\"",
        "\"a.b\" = 1\na.b = 2",
        "a = 1 # a = 2\n// a = 3",
        "a = ${x} ${y}\nx = 1, y = 2",
        "a = ${x}\nx { y = 1 }",
        "includes = 1, a.include = 2",
        "a { }\n\n\nab { }",
        ""
      })
  void nothingIsFoundWhereNothingIsLost(String text) {
    assertThat(found(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a = { x = 1 } { y = 2 }",
        "a = [{ x = 1 } { y = 2 }]",
        "x { z = 1 }\na = ${x} { y = 2 }",
        "x { z = 1 }\na = { y = 2 } ${x}",
        "x { z = 1 }\na = ${x}{ y = 2 }"
      })
  void twoObjectsInOneValueAreFound(String text) {
    assertThat(found(text))
        .singleElement()
        .asString()
        .contains(": two objects in one value, the first on line ")
        .endsWith(", would be merged without a trace; separate them or write one object");
  }

  @Test
  void twoObjectsByTheirNamesAreFound() {
    assertThat(problems(SMALL + "a { x = 1 }\nb { x = 2 }\nwrite = ${a} ${b}"))
        .contains(
            "test.conf:9: ${a} and what stands beside it, would be merged without a trace;"
                + " separate them or write one object");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"%s\"", "file(\"%s\")", "required(file(\"%s\"))", "url(\"file:%s\")"})
  void anIncludeIsRefusedAndNotRead(String what, @TempDir Path directory) throws Exception {
    Path other = Files.writeString(directory.resolve("other.conf"), "only-if = false");
    String include = "include " + String.format(what, other);
    assertThat(problems(SMALL + include))
        .containsExactly("test.conf:7: include is not allowed; a plan is one file");
  }

  @Test
  void aValueThatMayVanishIsRefused() {
    assertThat(problems(SMALL + "only-if = ${?NOT_SET_ANYWHERE}"))
        .containsExactly(
            "test.conf:7: ${?NOT_SET_ANYWHERE} would take its key with it where it is not set;"
                + " write ${NOT_SET_ANYWHERE}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"APP_PASSWORD", "MY_SECRET_KEY", "api_token", "\"A_TOKEN\""})
  void aSecretIsRefusedWhetherItIsSetOrNot(String name) {
    assertThat(problems(SMALL + "only-if = \"x = \"${" + name + "}"))
        .containsExactly(
            "test.conf:7: ${"
                + name
                + "} names a secret, and secrets never enter a plan; see BACKFILL_PASSWORD_FILE");
  }

  @Test
  void whatHoconWouldMergeIsReportedWithEverythingElse() {
    assertThat(problems(SMALL + "params.group = all\nlimit { }\nwrite.writers = 0"))
        .containsExactly(
            "test.conf:7: params.group would be merged with params on line 2; put both in one block",
            "test.conf:8: unknown key limit in the plan; did you mean limits?",
            "test.conf:9: write.writers must be 1 to 64, got 0");
  }

  /** The text must be HOCON: the scanner is never shown anything else. */
  private static List<String> found(String text) {
    ConfigFactory.parseString(text);
    FoundProblems problems = new FoundProblems("t");
    new RepeatedKeys(text, problems);
    try {
      problems.throwIfAny();
      return List.of();
    } catch (InvalidPlanException e) {
      return e.problems().stream().map(InvalidPlanException.Problem::toString).toList();
    }
  }
}
