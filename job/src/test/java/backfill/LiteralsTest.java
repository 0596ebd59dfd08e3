package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What the code has one place for stands nowhere else: the words of an enum, a digest, a thread, a
 * lexer.
 */
class LiteralsTest {
  private static final Path CODE = Path.of("src/main/java");

  /** Five characters, of which the first may be a letter and the last is a digit. */
  private static final Pattern SQL_STATE =
      Pattern.compile("\"(?:[0-9A-Z]{2}[0-9P][0-9A-Z][0-9])\"");

  @Test
  void sqlStatesStandInTheirEnum() throws IOException {
    assertThat(outside("SqlState.java", SQL_STATE)).isEmpty();
  }

  @Test
  void eventsAndRightsStandInTheirEnums() throws IOException {
    assertThat(outside("", Pattern.compile("\"(?:INSERT|UPDATE|DELETE|USAGE)\""))).isEmpty();
  }

  /** A word of SQL stands among others; a key of the report and of the plan is none of these. */
  @Test
  void statusesStandInTheirEnums() throws IOException {
    assertThat(
            outside(
                "",
                Pattern.compile(
                    "\"(?:running|succeeded|failed|refused|stopped|dry-run|lost|pending|writing|done|skipped)\"")))
        .isEmpty();
  }

  @Test
  void digestsAndDaemonThreadsAreMadeInOnePlace() throws IOException {
    assertThat(outside("Sha256.java", Pattern.compile("MessageDigest\\.getInstance"))).isEmpty();
    assertThat(outside("DaemonThread.java", Pattern.compile("\\bsetDaemon\\("))).isEmpty();
  }

  /** What looks for quotes and comments by itself forgets one kind of them. */
  @Test
  void sqlIsSplitInOnePlace() throws IOException {
    Pattern splits =
        Pattern.compile("startsWith\\(\"(?:--|/[*])\"|== '\\\\''|Pattern.compile\\(\"--");
    assertThat(outside("SqlLexer.java", splits)).isEmpty();
    assertThat("if (sql.startsWith(\"--\", at) || c == '\\'')").containsPattern(splits);
  }

  @Test
  void anSqlStateIsKnownByItsForm() {
    assertThat(List.of("\"42501\"", "\"42P01\"", "\"XX001\"", "\"08006\""))
        .allMatch(SQL_STATE.asMatchPredicate());
    assertThat(List.of("\"256MB\"", "\"08\"", "\"COUNT\"")).noneMatch(SQL_STATE.asMatchPredicate());
  }

  private static List<String> outside(String home, Pattern literal) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(CODE)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
        if (!file.getFileName().toString().equals(home)) {
          Matcher matcher = literal.matcher(Files.readString(file));
          while (matcher.find()) {
            found.add(CODE.relativize(file) + ": " + matcher.group());
          }
        }
      }
    }
    return found;
  }
}
