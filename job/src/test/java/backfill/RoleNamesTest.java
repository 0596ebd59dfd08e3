package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Roles belong to a server, which several test processes may share: no test gives one a fixed name.
 */
class RoleNamesTest {
  private static final Path TESTS = Path.of("src/test/java");
  private static final Pattern FIXED =
      Pattern.compile("CREATE (?:ROLE|USER) \\w|(?i)\\brole = \"[^\"]*\";");
  private static final Pattern OWN_SERVER =
      Pattern.compile(
          "TestingPostgres\\.start\\(\\)|TestingSecureServer\\.start\\(|EmbeddedPostgres\\s*\\.builder\\(\\)");

  @Test
  void noTestGivesARoleOfASharedServerAFixedName() throws IOException {
    try (Stream<Path> files = Files.walk(TESTS)) {
      List<String> fixed =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> hasAFixedRole(text(file)))
              .map(file -> TESTS.relativize(file).toString())
              .toList();
      assertThat(fixed).isEmpty();
    }
  }

  @Test
  void aFixedNameIsFound() {
    String fixed = "execute(\"CREATE ROLE " + "reader LOGIN\")";
    assertThat(hasAFixedRole(fixed)).isTrue();
    assertThat(hasAFixedRole("String ROLE " + "= \"reader\";")).isTrue();
    assertThat(hasAFixedRole("server = TestingPostgres.start(); " + fixed)).isFalse();
    assertThat(hasAFixedRole("execute(\"CREATE ROLE \" + role + \" LOGIN\")")).isFalse();
  }

  private static boolean hasAFixedRole(String source) {
    return FIXED.matcher(source).find() && !OWN_SERVER.matcher(source).find();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
