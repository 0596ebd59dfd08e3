package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingClasses;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the names of main's classes, nested ones too, apart from each other and true to a kind. */
class NamesTest {
  @Test
  void noNameIsThePluralOrThePastOfAnother() throws Exception {
    assertThat(alike(new TreeSet<>(TestingClasses.simpleNames()))).isEmpty();
  }

  @Test
  void namesThatDifferByAnEndingAreFound() {
    assertThat(
            alike(
                Set.of(
                    "Reader",
                    "Readers",
                    "Batch",
                    "Batches",
                    "Count",
                    "Counted",
                    "Share",
                    "Shared",
                    "Entry",
                    "Entries",
                    "Session",
                    "SessionSettings",
                    "Preflight",
                    "Preflights")))
        .containsExactly(
            "Batches: Batch",
            "Counted: Count",
            "Entries: Entry",
            "Preflights: Preflight",
            "Readers: Reader",
            "Shared: Share");
    assertThat(alike(Set.of("Step", "StepRun", "Grants", "Granting", "Rows"))).isEmpty();
  }

  @Test
  void whatIsThrownIsCalledAnException() throws Exception {
    assertThat(misnamed(TestingClasses.all())).isEmpty();
  }

  @Test
  void anExceptionOfAnotherNameIsFound() {
    class Refused extends RuntimeException {
      private static final long serialVersionUID = 1;
    }

    class NoMemoryError extends RuntimeException {
      private static final long serialVersionUID = 1;
    }

    assertThat(misnamed(List.of(Refused.class, NoMemoryError.class, String.class)))
        .containsExactly("NoMemoryError", "Refused");
    assertThat(
            misnamed(List.of(IOException.class, UncheckedIOException.class, AssertionError.class)))
        .isEmpty();
  }

  /** Each name that is another one with an ending, with that other one. */
  private static List<String> alike(Collection<String> names) {
    List<String> found = new ArrayList<>();
    for (String name : names) {
      endings(name)
          .filter(names::contains)
          .forEach(longer -> found.add("%s: %s".formatted(longer, name)));
    }
    found.sort(null);
    return found;
  }

  private static Stream<String> endings(String name) {
    String stem = name.substring(0, name.length() - 1);
    return Stream.of(
        name + "s",
        name + "es",
        name + "ed",
        name.endsWith("e") ? name + "d" : "",
        name.endsWith("y") ? stem + "ies" : "",
        name.endsWith("y") ? stem + "ied" : "");
  }

  private static List<String> misnamed(Collection<Class<?>> classes) {
    return classes.stream()
        .filter(Throwable.class::isAssignableFrom)
        .filter(each -> !each.getSimpleName().endsWith(ending(each)))
        .map(Class::getSimpleName)
        .sorted()
        .toList();
  }

  private static String ending(Class<?> thrown) {
    return Error.class.isAssignableFrom(thrown) ? "Error" : "Exception";
  }
}
