package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Holds the imports of the job to one direction: root to demo and spark, to postgres, to plan and
 * membership. Spark may catch a failure of the driver, and one class of it gives Spark the
 * connections that it asks for; everything else that speaks JDBC is in postgres.
 */
class PackageArrowsTest {

  /** Package to the packages of ours that it may use; the root is the empty name. */
  private static final Map<String, Set<String>> OURS =
      Map.of(
          "", Set.of("demo", "spark", "postgres", "plan", "membership"),
          "demo", Set.of("postgres", "plan", "membership"),
          "spark", Set.of("postgres", "plan", "membership"),
          "postgres", Set.of("plan", "membership"),
          "plan", Set.of(),
          "membership", Set.of());

  /** Somebody else's package to those of ours that may use it; all others are free. */
  private static final Map<String, Set<String>> THEIRS =
      Map.of(
          "org.apache.spark", Set.of("spark"),
          "org.apache.hadoop", Set.of("spark"),
          "scala", Set.of("spark"),
          "java.sql", Set.of("postgres", "demo"),
          "javax.sql", Set.of("postgres", "demo"),
          "org.postgresql", Set.of("postgres", "demo"),
          "io.zonky", Set.of("demo"));

  private static final Pattern NOT_CODE =
      Pattern.compile(
          "//[^\n]*|/[*].*?[*]/|\"\"\".*?\"\"\"|\"(\\\\.|[^\"\\\\\n])*\"", Pattern.DOTALL);
  private static final Pattern PACKAGE =
      Pattern.compile("^package backfill(?:[.](\\w+))?;", Pattern.MULTILINE);
  private static final Pattern NAME = Pattern.compile("(?<![\\w.])[a-z]\\w*(?:[.]\\w+)+");

  @Test
  void importsRunOneWay() {
    Path sources = Checkout.root().resolve("job/src/main/java");
    List<String> found = new ArrayList<>();
    int files = 0;
    for (Path file : Checkout.files()) {
      if (file.startsWith(sources) && file.toString().endsWith(".java")) {
        files++;
        for (String violation : violations(String.join("\n", Checkout.lines(file)))) {
          found.add(sources.relativize(file) + ": " + violation);
        }
      }
    }

    assertThat(files).isPositive();
    assertThat(found).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "plan, backfill.postgres.Database, plan may not use backfill.postgres",
    "membership, backfill.plan.Step, membership may not use backfill.plan",
    "postgres, backfill.spark.Reader, postgres may not use backfill.spark",
    "spark, backfill.demo.Server, spark may not use backfill.demo",
    "spark, backfill.Report, spark may not use backfill",
    "demo, backfill.spark.Reader, demo may not use backfill.spark",
    "postgres, org.apache.spark.sql.Row, postgres may not use org.apache.spark",
    "membership, scala.Option, membership may not use scala",
    "plan, org.apache.hadoop.fs.Path, plan may not use org.apache.hadoop",
    "spark, java.sql.Connection, spark may not use java.sql",
    "spark, org.postgresql.PGConnection, spark may not use org.postgresql",
    "postgres, io.zonky.test.db.postgres.embedded.EmbeddedPostgres, postgres may not use io.zonky",
    "spark, backfill.util.Text, spark may not use backfill.util",
  })
  void arrowTheOtherWayIsFound(String from, String used, String violation) {
    String head = "package backfill." + from + ";\n\n";

    assertThat(violations(head + "import " + used + ";")).containsExactly(violation);
    assertThat(violations(head + "import static " + used + ".of;")).containsExactly(violation);
    assertThat(violations(head + "class A { Object b = " + used + ".of(1); }"))
        .containsExactly(violation);
  }

  @Test
  void rootMayNotSpeakJdbc() {
    assertThat(violations("package backfill;\nimport java.sql.SQLException;"))
        .containsExactly("the root may not use java.sql");
  }

  @Test
  void sixthPackageIsFound() {
    assertThat(violations("package backfill.util;\nclass A {}"))
        .containsExactly("backfill.util is none of the house's packages");
  }

  @Test
  void proseAndTextAreNoUse() {
    String text =
        """
        package backfill.plan;
        // As java.sql.Connection does.
        /** See {@link org.apache.spark.sql.Row}. */
        class A { String a = "backfill.postgres.Database"; String b = "\\"scala.Option"; }
        """;

    assertThat(violations(text)).isEmpty();
  }

  @Test
  void arrowsOfTheHousePass() {
    assertThat(
            violations(
                "package backfill;\nimport backfill.spark.Reader;\nimport backfill.plan.Plan;"))
        .isEmpty();
    assertThat(
            violations("package backfill.spark;\nimport scala.Option;\nimport backfill.spark.Own;"))
        .isEmpty();
    assertThat(violations("package backfill.postgres;\nimport java.sql.Connection;")).isEmpty();
  }

  @Test
  void sparkMayCatchWhatTheDriverThrowsAndNothingElse() {
    String head = "package backfill.spark;\nimport java.sql.";

    assertThat(violations(head + "SQLException;")).isEmpty();
    assertThat(violations(head + "Driver;\nclass A extends JdbcConnectionProvider {}")).isEmpty();
    assertThat(violations(head + "ResultSet;\nclass A extends JdbcConnectionProvider {}"))
        .containsExactly("spark may not use java.sql");
  }

  private static Set<String> violations(String source) {
    String code = NOT_CODE.matcher(source).replaceAll("\"\"");
    Matcher declaration = PACKAGE.matcher(code);
    assertThat(declaration.find()).as("a package of ours in: %s", source).isTrue();
    String from = declaration.group(1) == null ? "" : declaration.group(1);
    if (!OURS.containsKey(from)) {
      return Set.of("backfill." + from + " is none of the house's packages");
    }
    if (from.equals("spark")) {
      code = code.replace("java.sql.SQLException", "");
      if (code.contains("extends JdbcConnectionProvider")) {
        code = code.replaceAll("java\\.sql\\.(Connection|Driver)\\b", "");
      }
    }
    String who = from.isEmpty() ? "the root" : from;
    Set<String> found = new TreeSet<>();
    Matcher names = NAME.matcher(code.substring(declaration.end()));
    while (names.find()) {
      String used = packageOf(names.group());
      if (!mayUse(from, used)) {
        found.add(who + " may not use " + used);
      }
    }
    return found;
  }

  /** The part of a qualified name that the two tables speak of; empty where they do not. */
  private static String packageOf(String name) {
    if (name.startsWith("backfill.")) {
      String next = name.split("[.]")[1];
      return Character.isUpperCase(next.charAt(0)) ? "backfill" : "backfill." + next;
    }
    return THEIRS.keySet().stream()
        .filter(its -> name.startsWith(its + "."))
        .findFirst()
        .orElse("");
  }

  private static boolean mayUse(String from, String used) {
    if (used.equals("backfill")) {
      return from.isEmpty();
    }
    if (used.startsWith("backfill.")) {
      String ours = used.substring("backfill.".length());
      return ours.equals(from) || OURS.get(from).contains(ours);
    }
    return used.isEmpty() || THEIRS.get(used).contains(from);
  }
}
