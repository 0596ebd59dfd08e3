package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.report.Command;
import backfill.report.Stage;
import backfill.testing.TestingCheckout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The run can be read on one screen: its stages in one method, and few questions of the command.
 */
class OneScreenTest {
  private static final int SCREEN = 40;
  private static final int COMPARISONS = 6;

  /** A method's head, indented by two, and all until its closing brace. */
  private static final Pattern METHOD =
      Pattern.compile("^  \\w[^;=\n]*\\([^;]*?\\{\n.*?^  }\n", Pattern.MULTILINE | Pattern.DOTALL);

  private static final Pattern STAGES =
      Pattern.compile(
          Arrays.stream(Stage.values())
              .map(stage -> "\\b" + stage + "\\(")
              .collect(Collectors.joining(".*")),
          Pattern.DOTALL);

  private static final Pattern COMPARED =
      Pattern.compile(
          "[!=]= ?(?:Command[.])?(?:CHECK|PLAN|RUN|VERIFY)\\b|\\bequals\\(Command[.]"
              + "|\\bcommand[.]equals\\(|\\bswitch \\(command\\)|Set[.]of\\(Command[.]");

  @Test
  void oneMethodHasTheEightStagesInTheirOrder() {
    List<String> found = new ArrayList<>();
    for (Path file : sources()) {
      found.addAll(stageMethods(text(file)));
    }

    assertThat(found).hasSize(1);
    assertThat(found.get(0).lines()).hasSizeLessThanOrEqualTo(SCREEN);
  }

  @Test
  void stagesInAnotherOrderOrOneTooFewAreNotFound() {
    String calls =
        Arrays.stream(Stage.values())
            .map(stage -> "    " + stage + "();\n")
            .collect(Collectors.joining());

    assertThat(stageMethods(method(calls))).hasSize(1);
    assertThat(stageMethods(method(calls.replace("flatten", "diff").replaceFirst("diff", "flat"))))
        .isEmpty();
    assertThat(stageMethods(method(calls.replace("    verify();\n", "")))).isEmpty();
    assertThat(
            stageMethods(
                method(calls.replace("    diff();\n", "    diff();\n  }\n\n  void b() {\n"))))
        .isEmpty();
  }

  @Test
  void fewLinesCompareTheCommand() {
    List<String> comparing = new ArrayList<>();
    for (Path file : sources()) {
      comparing.addAll(comparing(text(file)));
    }

    assertThat(comparing).isNotEmpty().hasSizeLessThanOrEqualTo(COMPARISONS);
  }

  /** A question that it answers would be a comparison elsewhere. */
  @Test
  void commandAnswersNoQuestionWithYesOrNo() {
    assertThat(Command.class.getDeclaredMethods())
        .noneMatch(method -> method.getReturnType() == boolean.class);
  }

  @Test
  void eachWayToCompareTheCommandIsCounted() {
    assertThat(
            comparing(
                """
                if (command == Command.PLAN) {
                if (command != Command.RUN && Command.PLAN != command) {
                return this == VERIFY;
                report.command.equals(Command.RUN.toString())
                switch (command) {
                run(Command.RUN);
                """))
        .hasSize(5);
  }

  private static String method(String body) {
    return "class A {\n  void a() {\n" + body + "  }\n}\n";
  }

  private static List<String> stageMethods(String source) {
    return METHOD
        .matcher(source)
        .results()
        .map(found -> found.group())
        .filter(method -> STAGES.matcher(method).find())
        .toList();
  }

  private static List<String> comparing(String source) {
    return source.lines().filter(line -> COMPARED.matcher(line).find()).toList();
  }

  private static List<Path> sources() {
    Path main = TestingCheckout.root().resolve("job/src/main/java");
    return TestingCheckout.files().stream()
        .filter(file -> file.startsWith(main) && file.toString().endsWith(".java"))
        .toList();
  }

  private static String text(Path file) {
    return String.join("\n", TestingCheckout.lines(file)) + "\n";
  }
}
