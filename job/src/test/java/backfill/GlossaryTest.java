package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import backfill.testing.TestingClasses;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Holds the glossary of the root's package-info: in order, a line a term, of words in use. */
class GlossaryTest {
  private static final Path MAIN = TestingCheckout.root().resolve("job/src/main/java/backfill");
  private static final Path GLOSSARY = MAIN.resolve("package-info.java");
  private static final Pattern ENTRY =
      Pattern.compile(" [*]   <li>([a-z ]+?)(?: \\(\\{@code (\\w+)}\\))?: (.+)");

  /** A term, and the class that it is, or null where it is none. */
  private record Entry(String term, String type) {
    static List<Entry> of(List<String> lines) {
      List<Entry> entries = new ArrayList<>();
      for (String line : lines) {
        Matcher entry = ENTRY.matcher(line);
        if (entry.matches()) {
          entries.add(new Entry(entry.group(1), entry.group(2)));
        }
      }
      return entries;
    }

    boolean isIn(Set<String> types, String code) {
      return type != null
          ? types.contains(type)
          : Pattern.compile("\\b" + term, Pattern.CASE_INSENSITIVE).matcher(code).find();
    }
  }

  @Test
  void eachTermIsAClassOrAWordOfTheCode() throws Exception {
    Set<String> types = Set.copyOf(TestingClasses.simpleNames());
    String code = codeElsewhere();

    List<Entry> glossary = Entry.of(TestingCheckout.lines(GLOSSARY));
    assertThat(glossary).hasSizeGreaterThan(40);
    assertThat(glossary).allMatch(entry -> entry.isIn(types, code));
    assertThat(new Entry("turn", "Turning").isIn(types, code)).isFalse();
    assertThat(new Entry("residuum", null).isIn(types, code)).isFalse();
  }

  @Test
  void termsAreInOrderAndEachHasOneLine() {
    List<String> lines = TestingCheckout.lines(GLOSSARY);
    assertThat(lines.stream().filter(line -> line.contains("<li>")))
        .allMatch(ENTRY.asMatchPredicate());
    assertThat(lines.subList(lines.indexOf(" * <ul>") + 1, lines.indexOf(" * </ul>")))
        .allMatch(ENTRY.asMatchPredicate());
    assertThat(Entry.of(lines)).extracting(Entry::term).isSorted().doesNotHaveDuplicates();
    assertThat(" *   <li>Turn: the steps that share a snapshot").doesNotMatch(ENTRY);
  }

  private static String codeElsewhere() {
    return TestingCheckout.files().stream()
        .filter(file -> file.startsWith(MAIN) && !file.equals(GLOSSARY))
        .flatMap(file -> TestingCheckout.lines(file).stream())
        .collect(Collectors.joining("\n"));
  }
}
