package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingClasses;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;

/** A class decides what it holds: no other class of the job assigns a field of it. */
class AssignedFieldsTest {
  private static final Pattern CLASS =
      Pattern.compile("^(?! ).*?\\b(?:class|interface) (backfill[\\w.$-]*).*\\{$");

  /** As in {@code 5: putfield #7 // Field backfill/plan/Step.name:I}; its own has no class. */
  private static final Pattern ASSIGNED =
      Pattern.compile("^ .*: put(?:field|static) .*// Field (backfill[\\w/$]*)[.](\\w+):.*");

  int planted;

  @Test
  void noClassAssignsAFieldOfAnother() throws Exception {
    assertThat(assigned(TestingClasses.place(), TestingClasses.names())).isEmpty();
  }

  /** One of the same file is its own business. */
  @Test
  void classThatAssignsAFieldOfAnotherIsFound() throws Exception {
    Path tests = Path.of(getClass().getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> names =
        List.of(getClass().getName(), Nested.class.getName(), PlantedAssignment.class.getName());

    assertThat(assigned(tests, names))
        .containsExactly("backfill.PlantedAssignment assigns backfill.AssignedFieldsTest.planted");
  }

  /** Assigns what belongs to the class around it. */
  private record Nested(AssignedFieldsTest around) {
    void assign() {
      around.planted = 1;
    }
  }

  private static Set<String> assigned(Path code, List<String> names) {
    List<String> words = new ArrayList<>(List.of("-c", "-p", "-cp", code.toString()));
    words.addAll(names);
    StringWriter said = new StringWriter();
    ToolProvider.findFirst("javap")
        .orElseThrow()
        .run(new PrintWriter(said), new PrintWriter(said), words.toArray(String[]::new));
    Set<String> found = new TreeSet<>();
    List<String> seen = new ArrayList<>();
    for (String line : said.toString().lines().toList()) {
      Matcher begins = CLASS.matcher(line);
      Matcher assigns = ASSIGNED.matcher(line);
      if (begins.matches()) {
        seen.add(begins.group(1));
      } else if (assigns.matches()) {
        String by = outermost(seen.get(seen.size() - 1));
        String of = outermost(assigns.group(1).replace('/', '.'));
        if (!by.equals(of)) {
          found.add(by + " assigns " + of + "." + assigns.group(2));
        }
      }
    }
    assertThat(seen).containsExactlyInAnyOrderElementsOf(names);
    return found;
  }

  private static String outermost(String name) {
    return name.replaceFirst("[$].*", "");
  }
}

/** What the test must find. */
final class PlantedAssignment {
  private PlantedAssignment() {}

  static void assign(AssignedFieldsTest other) {
    other.planted = 2;
  }
}
