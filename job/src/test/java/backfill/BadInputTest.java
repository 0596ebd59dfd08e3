package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingBadCommand;
import backfill.testing.TestingBadPlan;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDefectDojo;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import backfill.testing.TestingUpstreamTables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shipped plans with mistakes in them, and command lines and environments with mistakes, drawn from
 * a seed: each ends with 2 and the place of the mistake, or with 3, or is right; none is a bug of
 * ours, none is answered by a stack trace, and none writes.
 */
class BadInputTest {
  /** Of those that are right, this one in so many is planned, too. */
  private static final int PLANNED = 10;

  /** What is no word for people: traces, classes, characters that steer a terminal. */
  private static final Pattern UNREADABLE =
      Pattern.compile(
          "^\\s+at [\\w.$/]+\\(|(?<!\\(\\w{0,40})Exception\\b|StackOverflow|Optional\\[|@[0-9a-f]{6,8}\\b"
              + "|\\b(com|org|java|scala)\\.[a-z]+\\.[a-z]+|[\\x00-\\x08\\x0B-\\x1F\\x7F]");

  private static final int LONGEST_LINE = 12_000;

  /** Shipped plans to the tables that they are for. */
  private static final Map<String, String> TABLES =
      Map.of(
          "coder-prebuilds-membership", "coder-prebuilds",
          "coder-api-key-scopes", "coder-api-keys",
          "gitlab-seat-assignments", "gitlab-seats",
          "gitlab-package-pipelines", "gitlab-packages",
          "gitlab-project-authorizations", "gitlab-authorizations",
          "gitea-repository-access", "gitea-access",
          "keycloak-effective-roles", "keycloak");

  private static final String CI = "gitlab-ci";

  /** Every table, column, sequence, function and value of an enum that is not PostgreSQL's own. */
  private static final String DEFINITIONS =
      """
      SELECT c.oid::text, n.nspname || '.' || c.relname || ' ' || coalesce(string_agg(a::text, ' ' ORDER BY a.attnum), '')
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' GROUP BY c.oid, n.nspname, c.relname
      UNION ALL SELECT oid::text, nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'
      UNION ALL SELECT oid::text, enumlabel FROM pg_enum
      UNION ALL SELECT schemaname || '.' || sequencename, last_value::text FROM pg_sequences
      ORDER BY 1, 2""";

  @TempDir private static Path directory;

  private static final Map<String, TestingDatabase> DATABASES = new TreeMap<>();
  private static long seed;

  int plans() {
    return Integer.getInteger("backfill.bad-plans", 40);
  }

  int commands() {
    return Integer.getInteger("backfill.bad-commands", 40);
  }

  @BeforeAll
  static void makeTables() throws Exception {
    seed = Long.getLong("faults.seed", TestingRandomGrants.anySeed());
    System.out.println("BadInputTest: faults.seed=" + seed);
    for (String tables :
        List.of(
            "coder-prebuilds",
            "coder-api-keys",
            "gitlab-seats",
            "gitlab-packages",
            "keycloak",
            "gitlab-authorizations",
            "gitea-access",
            CI)) {
      DATABASES.put(tables, TestingPostgres.shared().createDatabase());
      TestingUpstreamTables.load(DATABASES.get(tables), tables);
    }
    DATABASES.put(TestingRun.DOJO, TestingPostgres.shared().createDatabase());
    try (Connection connection = DATABASES.get(TestingRun.DOJO).connection()) {
      TestingDefectDojo.create(connection);
    }
  }

  @AfterAll
  static void dropTables() throws Exception {
    for (TestingDatabase database : DATABASES.values()) {
      database.close();
    }
  }

  @Test
  void planWithMistakesEndsWithTheirPlaces() throws Exception {
    List<List<Object>> before = trace();
    List<String> faults = new ArrayList<>();
    Map<Integer, Integer> ends = new TreeMap<>();
    for (int number = 0; number < plans(); number++) {
      TestingBadPlan bad = TestingBadPlan.of(seed, number);
      Path file = Files.write(directory.resolve("plan.conf"), bad.bytes());
      String what = "plan %d of seed %d, %s".formatted(number, seed, bad);
      Map<String, String> environment = environment(bad.plan());
      TestingRun check = TestingRun.bare(environment, "check", file.toString());
      ends.merge(check.code(), 1, Integer::sum);
      faults.addAll(faults(what, check, List.of(0, 2, 3)));
      if (check.code() == 2) {
        faults.addAll(withoutPlace(what, check, file));
      }
      if (check.code() != 0) {
        TestingRun run = TestingRun.bare(environment, "run", file.toString());
        faults.addAll(faults(what + ", run", run, List.of(check.code())));
      } else if (number % PLANNED == 0) {
        TestingRun plan = TestingRun.bare(environment, "plan", file.toString());
        faults.addAll(faults(what + ", plan", plan, List.of(0, 3, 4, 5)));
      }
    }
    System.out.println("BadInputTest: plans that ended with each code: " + ends);
    assertThat(faults).isEmpty();
    assertThat(trace()).as("written by a plan of seed " + seed).isEqualTo(before);
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).containsExactly(directory.resolve("plan.conf"));
    }
  }

  @Test
  void commandWithMistakesEndsWithTheirPlaces() throws Exception {
    List<List<Object>> before = trace();
    Path reports = Files.createTempDirectory("reports");
    List<String> faults = new ArrayList<>();
    Map<Integer, Integer> ends = new TreeMap<>();
    for (int number = 0; number < commands(); number++) {
      TestingBadCommand bad =
          TestingBadCommand.of(seed, number, environment(TestingRun.DOJO), reports.toString());
      TestingRun ended = TestingRun.bare(bad.environment(), bad.words().toArray(String[]::new));
      ends.merge(ended.code(), 1, Integer::sum);
      faults.addAll(
          faults(
              "command %d of seed %d, %s".formatted(number, seed, bad), ended, List.of(0, 2, 3)));
    }
    System.out.println("BadInputTest: commands that ended with each code: " + ends);
    assertThat(faults).isEmpty();
    assertThat(trace()).as("written by a command of seed " + seed).isEqualTo(before);
  }

  private static Map<String, String> environment(String plan) {
    Map<String, String> environment =
        new HashMap<>(DATABASES.get(TABLES.getOrDefault(plan, TestingRun.DOJO)).environment());
    DATABASES
        .get(CI)
        .environment()
        .forEach(
            (name, value) -> environment.put(name.replace("BACKFILL_", "BACKFILL_CI_"), value));
    return environment;
  }

  /** All that the databases hold: the same again means that nothing was written. */
  private static List<List<Object>> trace() throws Exception {
    List<List<Object>> trace = new ArrayList<>();
    for (TestingDatabase database : DATABASES.values()) {
      trace.addAll(database.rows(DEFINITIONS));
      for (List<Object> table :
          database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")) {
        trace.addAll(
            database.rows(
                "SELECT '%1$s', xmin::text, t::text FROM public.\"%1$s\" t ORDER BY 3"
                    .formatted(table.get(0))));
      }
    }
    return trace;
  }

  private static List<String> faults(String what, TestingRun run, List<Integer> codes) {
    List<String> faults = new ArrayList<>();
    if (!codes.contains(run.code())) {
      faults.add(what + ": ended with " + run.code() + ", expected " + codes);
    }
    if (run.code() != 0 && run.line().path("exitCode").asInt(-1) != run.code()) {
      faults.add(what + ": ended with " + run.code() + ", the last line is " + run.line());
    }
    if (run.code() != 0 && run.said().isBlank()) {
      faults.add(what + ": ended with " + run.code() + ", and says nothing");
    }
    run.err().stream()
        .filter(line -> UNREADABLE.matcher(line).find() || line.length() > LONGEST_LINE)
        .limit(1)
        .forEach(line -> faults.add(what + ": says " + begin(line)));
    return faults;
  }

  private static String begin(String line) {
    return line.substring(0, Math.min(500, line.length()));
  }

  /** Each problem of a file names it and a line. */
  private static List<String> withoutPlace(String what, TestingRun run, Path file) {
    Pattern place = Pattern.compile(Pattern.quote(file.toString()) + ":[1-9]\\d*: .+");
    return run.err().stream()
        .filter(line -> !place.matcher(line).matches())
        .map(line -> what + ": names no line: " + begin(line))
        .limit(1)
        .toList();
  }
}
