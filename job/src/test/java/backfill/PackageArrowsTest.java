package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import backfill.testing.TestingClassLoops;
import backfill.testing.TestingClasses;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Holds the house together: each room uses rooms below it only, what others made is used where it
 * belongs, no more than five classes form a loop, and no room is too full to look around in. Spark
 * may catch a failure of the driver, and one class of it gives Spark the connections that it asks
 * for; everything else that speaks JDBC is in the rooms of PostgreSQL.
 */
class PackageArrowsTest {
  private static final List<String> BELOW_SPARK =
      List.of(
          "plan.level",
          "plan.sql",
          "plan",
          "membership.key",
          "membership",
          "postgres.server",
          "postgres.catalog",
          "postgres.snapshot",
          "postgres.ledger",
          "postgres.throttle",
          "postgres.write",
          "postgres.change",
          "postgres.undo",
          "postgres.preflight.ddl",
          "postgres.preflight",
          "postgres.explain");

  /** Room to the rooms of ours that it may use; the root is the empty name. */
  private static final Map<String, Set<String>> OURS =
      Map.ofEntries(
          Map.entry("", Set.of("cli", "report")),
          Map.entry(
              "cli",
              beside(
                  "demo",
                  allSpark(
                      "run",
                      "report",
                      "report.terminal",
                      "page",
                      "spark.pairs",
                      "spark.rows",
                      "metrics",
                      "lineage"))),
          Map.entry("metrics", allSpark("report")),
          Map.entry("lineage", allSpark("report")),
          Map.entry("run", beside("hook", allSpark("report", "spark.pairs", "spark.rows"))),
          Map.entry("hook", beside("report", new HashSet<>(BELOW_SPARK))),
          Map.entry("report", allSpark("report.terminal", "page", "spark.pairs", "spark.rows")),
          Map.entry("report.terminal", Set.of()),
          Map.entry("page", Set.of("postgres.ledger")),
          Map.entry("demo", Set.copyOf(BELOW_SPARK)),
          Map.entry("spark.rows", allSpark()),
          Map.entry("spark.pairs", allSpark()),
          Map.entry(
              "spark.step",
              spark("spark.engine", "spark.diff", "spark.query", "spark.read", "spark.sink")),
          Map.entry(
              "spark.sink", spark("spark.engine", "spark.query", "spark.read", "spark.source")),
          Map.entry("spark.source", spark("spark.engine", "spark.query")),
          Map.entry("spark.read", spark("spark.engine", "spark.query")),
          Map.entry("spark.diff", spark("spark.engine")),
          Map.entry("spark.query", spark("spark.engine")),
          Map.entry("spark.engine", Set.copyOf(BELOW_SPARK)),
          Map.entry("postgres.explain", below("postgres.explain")),
          Map.entry("postgres.preflight", below("postgres.preflight")),
          Map.entry("postgres.preflight.ddl", below("postgres.undo")),
          Map.entry("postgres.undo", below("postgres.undo")),
          Map.entry("postgres.change", below("postgres.change")),
          Map.entry("postgres.write", below("postgres.write")),
          Map.entry("postgres.throttle", below("postgres.throttle")),
          Map.entry("postgres.ledger", below("postgres.ledger")),
          Map.entry("postgres.snapshot", below("postgres.snapshot")),
          Map.entry("postgres.catalog", below("postgres.catalog")),
          Map.entry("postgres.server", below("postgres.server")),
          Map.entry("plan", Set.of("plan.level", "plan.sql")),
          Map.entry("plan.level", Set.of()),
          Map.entry("plan.sql", Set.of()),
          Map.entry("membership", Set.of()),
          Map.entry("membership.key", Set.of()));

  /** What others made to the rooms of ours that may use it; all others are free. */
  private static final Map<String, Set<String>> THEIRS =
      Map.of(
          "org.apache.spark", Set.of("spark"),
          "org.apache.hadoop", Set.of("spark"),
          "scala", Set.of("spark"),
          "java.sql", Set.of("postgres", "demo"),
          "javax.sql", Set.of("postgres", "demo"),
          "org.postgresql", Set.of("postgres", "demo"),
          "io.zonky", Set.of("demo"));

  private static final int MOST_CLASSES_IN_A_LOOP = 5;
  private static final int MOST_FILES_IN_A_ROOM = 40;

  private static final Pattern NOT_CODE =
      Pattern.compile(
          "//[^\n]*|/[*].*?[*]/|\"\"\".*?\"\"\"|\"(\\\\.|[^\"\\\\\n])*\"", Pattern.DOTALL);
  private static final Pattern PACKAGE =
      Pattern.compile("^package backfill(?:[.]([\\w.]+))?;", Pattern.MULTILINE);
  private static final Pattern NAME = Pattern.compile("(?<![\\w.])[a-z]\\w*(?:[.]\\w+)+");

  private static final Pattern USE =
      Pattern.compile("^\\s+(backfill[.]\\S+)\\s+-> (backfill[.]\\S+)", Pattern.MULTILINE);

  private static Set<String> below(String room) {
    return Set.copyOf(BELOW_SPARK.subList(0, BELOW_SPARK.indexOf(room)));
  }

  private static Set<String> spark(String... rooms) {
    Set<String> all = new HashSet<>(BELOW_SPARK);
    all.addAll(Set.of(rooms));
    return all;
  }

  private static Set<String> allSpark(String... more) {
    Set<String> all =
        spark(
            "spark.engine", "spark.diff", "spark.query", "spark.read", "spark.sink", "spark.step");
    all.addAll(Set.of(more));
    return all;
  }

  private static Set<String> beside(String room, Set<String> others) {
    others.add(room);
    return others;
  }

  private static Map<String, List<Path>> filesOfRooms() {
    Path sources = TestingCheckout.root().resolve("job/src/main/java/backfill");
    return TestingCheckout.files().stream()
        .filter(file -> file.startsWith(sources) && file.toString().endsWith(".java"))
        .collect(
            Collectors.groupingBy(
                file -> sources.relativize(file.getParent()).toString().replace('/', '.'),
                TreeMap::new,
                Collectors.toList()));
  }

  @Test
  void importsRunOneWay() {
    List<String> found = new ArrayList<>();
    filesOfRooms()
        .values()
        .forEach(
            files ->
                files.forEach(
                    file ->
                        violations(String.join("\n", TestingCheckout.lines(file)))
                            .forEach(violation -> found.add(file + ": " + violation))));

    assertThat(filesOfRooms().keySet()).containsExactlyInAnyOrderElementsOf(OURS.keySet());
    assertThat(found).isEmpty();
  }

  @Test
  void eachRoomSaysWhatLivesThereAndHasFewFiles() {
    assertThat(filesOfRooms())
        .allSatisfy(
            (room, files) -> {
              assertThat(files).hasSizeLessThanOrEqualTo(MOST_FILES_IN_A_ROOM);
              assertThat(files).anyMatch(file -> file.endsWith("package-info.java"));
            });
  }

  /** Bytecode knows each use, also one within a room, which needs no import. */
  @Test
  void fewClassesFormALoop() throws Exception {
    StringWriter said = new StringWriter();
    ToolProvider.findFirst("jdeps")
        .orElseThrow()
        .run(
            new PrintWriter(said),
            new PrintWriter(said),
            "-verbose:class",
            "-filter:none",
            "--ignore-missing-deps",
            "--multi-release",
            "base",
            TestingClasses.place().toString());
    Matcher uses = USE.matcher(said.toString());
    Map<String, Set<String>> of = new TreeMap<>();
    while (uses.find()) {
      of.computeIfAbsent(outermost(uses.group(1)), name -> new TreeSet<>())
          .add(outermost(uses.group(2)));
    }

    assertThat(of).hasSizeGreaterThan(100);
    assertThat(TestingClassLoops.beyond(MOST_CLASSES_IN_A_LOOP, of)).isEmpty();
  }

  private static String outermost(String name) {
    return name.replaceFirst("[$].*", "");
  }

  @Test
  void loopOfSixIsFound() {
    Map<String, Set<String>> six =
        Map.of(
            "a", Set.of("b", "z"),
            "b", Set.of("c"),
            "c", Set.of("d", "a"),
            "d", Set.of("e"),
            "e", Set.of("f"),
            "f", Set.of("a"),
            "z", Set.of());

    assertThat(TestingClassLoops.beyond(MOST_CLASSES_IN_A_LOOP, six))
        .containsExactly(Set.of("a", "b", "c", "d", "e", "f"));
    assertThat(TestingClassLoops.beyond(6, six)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "plan, backfill.postgres.server.Database, plan may not use backfill.postgres.server",
    "plan.sql, backfill.plan.Step, plan.sql may not use backfill.plan",
    "membership, backfill.plan.Step, membership may not use backfill.plan",
    "postgres.server, backfill.postgres.catalog.Table, postgres.server may not use backfill.postgres.catalog",
    "postgres.catalog, backfill.postgres.snapshot.Snapshot, postgres.catalog may not use backfill.postgres.snapshot",
    "postgres.snapshot, backfill.postgres.ledger.Ledger, postgres.snapshot may not use backfill.postgres.ledger",
    "postgres.ledger, backfill.postgres.write.Batch, postgres.ledger may not use backfill.postgres.write",
    "postgres.write, backfill.postgres.change.DdlRun, postgres.write may not use backfill.postgres.change",
    "postgres.change, backfill.postgres.preflight.PreflightResult, postgres.change may not use backfill.postgres.preflight",
    "postgres.undo, backfill.postgres.preflight.PreflightResult, postgres.undo may not use backfill.postgres.preflight",
    "postgres.preflight.ddl, backfill.postgres.preflight.Preflight, postgres.preflight.ddl may not use backfill.postgres.preflight",
    "postgres.preflight, backfill.postgres.explain.PairExplainer, postgres.preflight may not use backfill.postgres.explain",
    "postgres.explain, backfill.report.Report, postgres.explain may not use backfill.report",
    "postgres.preflight, backfill.spark.read.Reading, postgres.preflight may not use backfill.spark.read",
    "spark.engine, backfill.spark.query.Cells, spark.engine may not use backfill.spark.query",
    "spark.query, backfill.spark.read.Reading, spark.query may not use backfill.spark.read",
    "spark.read, backfill.spark.sink.Sink, spark.read may not use backfill.spark.sink",
    "spark.source, backfill.spark.sink.Sink, spark.source may not use backfill.spark.sink",
    "spark.sink, backfill.spark.step.StepRun, spark.sink may not use backfill.spark.step",
    "spark.step, backfill.spark.pairs.PairsRun, spark.step may not use backfill.spark.pairs",
    "spark.pairs, backfill.spark.rows.RowsRun, spark.pairs may not use backfill.spark.rows",
    "spark.rows, backfill.spark.pairs.PairsRun, spark.rows may not use backfill.spark.pairs",
    "spark.rows, backfill.report.Report, spark.rows may not use backfill.report",
    "report, backfill.run.Backfill, report may not use backfill.run",
    "run, backfill.cli.PlanText, run may not use backfill.cli",
    "cli, backfill.Main, cli may not use backfill",
    "spark.engine, backfill.demo.DemoServer, spark.engine may not use backfill.demo",
    "demo, backfill.spark.read.Reading, demo may not use backfill.spark.read",
    "postgres.write, org.apache.spark.sql.Row, postgres.write may not use org.apache.spark",
    "membership, scala.Option, membership may not use scala",
    "plan, org.apache.hadoop.fs.Path, plan may not use org.apache.hadoop",
    "report, org.apache.spark.sql.Row, report may not use org.apache.spark",
    "spark.read, java.sql.Connection, spark.read may not use java.sql",
    "spark.read, org.postgresql.PGConnection, spark.read may not use org.postgresql",
    "run, java.sql.SQLException, run may not use java.sql",
    "postgres.server, io.zonky.test.db.postgres.embedded.EmbeddedPostgres, postgres.server may not use io.zonky",
    "spark.read, backfill.util.Text, spark.read may not use backfill.util",
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
  void roomThatIsNotInThePlanIsFound() {
    assertThat(violations("package backfill.postgres.util;\nclass A {}"))
        .containsExactly("backfill.postgres.util is none of the house's rooms");
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
                "package backfill.run;\nimport backfill.spark.pairs.PairsRun;\nimport backfill.plan.Plan;"))
        .isEmpty();
    assertThat(
            violations(
                "package backfill.spark.read;\nimport scala.Option;\nimport backfill.spark.read.Own;"))
        .isEmpty();
    assertThat(violations("package backfill.postgres.server;\nimport java.sql.Connection;"))
        .isEmpty();
  }

  @Test
  void sparkMayCatchWhatTheDriverThrowsAndNothingElse() {
    String head = "package backfill.spark.read;\nimport java.sql.";

    assertThat(violations(head + "SQLException;")).isEmpty();
    assertThat(violations(head + "Driver;\nclass A extends JdbcConnectionProvider {}")).isEmpty();
    assertThat(violations(head + "ResultSet;\nclass A extends JdbcConnectionProvider {}"))
        .containsExactly("spark.read may not use java.sql");
  }

  private static Set<String> violations(String source) {
    String code = NOT_CODE.matcher(source).replaceAll("\"\"");
    Matcher declaration = PACKAGE.matcher(code);
    assertThat(declaration.find()).as("a package of ours in: %s", source).isTrue();
    String from = declaration.group(1) == null ? "" : declaration.group(1);
    if (!OURS.containsKey(from)) {
      return Set.of("backfill." + from + " is none of the house's rooms");
    }
    if (from.startsWith("spark.")) {
      code = code.replace("java.sql.SQLException", "");
      if (code.contains("extends JdbcConnectionProvider")) {
        code = code.replaceAll("java\\.sql\\.(Connection|Driver)\\b", "");
      }
    }
    String room = from.isEmpty() ? "the root" : from;
    Set<String> found = new TreeSet<>();
    Matcher names = NAME.matcher(code.substring(declaration.end()));
    while (names.find()) {
      String used = packageOf(names.group());
      if (!mayUse(from, used)) {
        found.add(room + " may not use " + used);
      }
    }
    return found;
  }

  /** The part of a qualified name that the two tables speak of; empty where they do not. */
  private static String packageOf(String name) {
    if (name.startsWith("backfill.")) {
      return name.replaceFirst("[.][A-Z].*", "");
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
    return used.isEmpty() || THEIRS.get(used).contains(from.replaceFirst("[.].*", ""));
  }
}
