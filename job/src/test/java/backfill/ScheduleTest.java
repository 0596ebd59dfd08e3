package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.PlanFile;
import backfill.testing.TestingApiKeys;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDefectDojo;
import backfill.testing.TestingPackages;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingUpstream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code check --sql} lists stands in the order in which a run does it. */
class ScheduleTest {
  private static final String SYSTEM = "c42fdf75-3097-471c-8c33-fb52454d81c0";

  /** The first line of what belongs together, and the steps that it names. */
  private static final Pattern LISTED =
      Pattern.compile(
          "-- (?:(read) ([\\w, -]+): exports a snapshot.*|(write) ([\\w-]+)[:,].*"
              + "|(verify) ([\\w, -]+): (?:a new snapshot|new snapshots),.*)");

  /** What a run says at the beginning of a reading, and at the end of a write and a verify. */
  private static final Pattern SAID =
      Pattern.compile("(?:(read): snapshot .* for ([\\w, -]+)|(write|verify) ([\\w-]+): .*)");

  @TempDir Path directory;

  @Test
  void everyShippedPlanIsListedAsItRuns() throws Exception {
    Set<String> compared = new HashSet<>();
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      try (Connection connection = database.connection()) {
        TestingDefectDojo.create(connection).withUserHistory();
      }
      compared.add(compare(database.environment(), TestingRun.DOJO));
    }
    try (TestingUpstream there = TestingUpstream.create("coder-prebuilds", "-")) {
      there.database.execute(
          "INSERT INTO users (id, email, username, is_system) VALUES ('"
              + SYSTEM
              + "', 'prebuilds@system', 'prebuilds', true)");
      compared.add(compare(there.database.environment(), "coder-prebuilds-membership"));
    }
    try (TestingUpstream there = TestingUpstream.create("gitlab-seats", "-")) {
      there.database.execute(
          "INSERT INTO plans VALUES (1, 'free')",
          "INSERT INTO gitlab_subscriptions (namespace_id, hosted_plan_id) VALUES (10, 1)");
      compared.add(compare(there.database.environment(), "gitlab-seat-assignments"));
    }
    try (TestingUpstream there = TestingUpstream.create("gitlab-authorizations", "-")) {
      compared.add(compare(there.database.environment(), "gitlab-project-authorizations"));
    }
    try (TestingUpstream there = TestingUpstream.create("gitea-access", "-")) {
      compared.add(compare(there.database.environment(), "gitea-repository-access"));
    }
    try (TestingUpstream there = TestingUpstream.create("keycloak", "-")) {
      compared.add(compare(there.database.environment(), "keycloak-effective-roles"));
    }
    try (TestingApiKeys keys = TestingApiKeys.create()) {
      compared.add(compare(keys.database.environment(), TestingApiKeys.PLAN));
    }
    try (TestingPackages packages = TestingPackages.create()) {
      compared.add(compare(packages.environment(), TestingPackages.PLAN));
    }

    assertThat(compared).containsExactlyInAnyOrderElementsOf(PlanFile.shipped());
  }

  @Test
  void planOfThreeSnapshotsIsListedAsItRuns() throws Exception {
    Path plan = directory.resolve("three.conf");
    Files.writeString(
        plan,
        """
        name = three-snapshots
        sources { a = a, b = b, c = c }
        steps = [
          { name = first, kind = pairs
            direct = [{ from = a, object = o, user = u }]
            into = { table = b, object = o, user = u } }
          { name = second, kind = pairs
            direct = [{ from = b, object = o, user = u }]
            into = { table = c, object = o, user = u } }
          { name = third, kind = pairs
            direct = [{ from = c, object = o, user = u }]
            into = { table = b, object = o, user = u } }
        ]
        """);
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      for (String table : List.of("a", "b", "c")) {
        database.execute("CREATE TABLE " + table + " (o int, u int, PRIMARY KEY (o, u))");
      }
      database.execute("INSERT INTO a VALUES (1, 1)");

      assertThat(listed(database.environment(), plan.toString()))
          .containsExactly(
              "read first",
              "write first",
              "read second",
              "write second",
              "verify first",
              "verify second",
              "read third",
              "write third",
              "verify third");
      compare(database.environment(), plan.toString());
    }
  }

  private static String compare(Map<String, String> environment, String plan) {
    TestingRun check = TestingRun.bare(environment, "check", plan, "--sql");
    assertThat(check.code()).as(String.join("\n", check.logged())).isZero();
    List<String> listed = found(LISTED, check.printed());
    TestingRun run = TestingRun.bare(environment, "run", plan);
    assertThat(run.code()).as(String.join("\n", run.logged())).isZero();
    List<String> walked = found(SAID, run.logged());
    if (run.logged().contains("never: all steps are counted before one writes")) {
      assertThat(check.printed()).anyMatch(line -> line.startsWith("-- count: never is asked "));
      walked.subList(0, walked.indexOf("write table")).clear();
    }
    Set<String> read =
        walked.stream()
            .filter(line -> line.startsWith("read "))
            .flatMap(line -> Arrays.stream(line.substring("read ".length()).split(", ")))
            .collect(Collectors.toSet());
    // The look at what a change left is one of the statements of its write.
    walked.removeIf(
        line -> line.startsWith("verify ") && !read.contains(line.substring("verify ".length())));

    assertThat(listed).as(plan).isNotEmpty().isEqualTo(walked);
    return plan;
  }

  private static List<String> listed(Map<String, String> environment, String plan) {
    TestingRun check = TestingRun.bare(environment, "check", plan, "--sql");
    assertThat(check.code()).as(String.join("\n", check.logged())).isZero();
    return found(LISTED, check.printed());
  }

  /** Stage and step of each line, once where it is said several times in a row. */
  private static List<String> found(Pattern pattern, List<String> lines) {
    List<String> found = new ArrayList<>();
    for (String line : lines) {
      Matcher matcher = pattern.matcher(line);
      if (matcher.matches()) {
        int word = 1;
        while (matcher.group(word) == null) {
          word += 2;
        }
        String stage = matcher.group(word);
        String steps = matcher.group(word + 1);
        for (String step : stage.equals("verify") ? steps.split(", ") : new String[] {steps}) {
          String said = stage + " " + step;
          if (found.isEmpty() || !found.get(found.size() - 1).equals(said)) {
            found.add(said);
          }
        }
      }
    }
    return found;
  }
}
