package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** GitLab's main and CI databases as far as packages know them, two on the shared server. */
public record TestingPackages(TestingDatabase main, TestingDatabase ci) implements AutoCloseable {
  public static final String PLAN = "gitlab-package-pipelines";

  /**
   * A plan of one step that sets each package's version to a ref of a pipeline that it names.
   * {@code WHERE} is the place for a condition on the pipelines.
   */
  public static final String KEYED =
      """
      name = keyed-test
      ledger = off
      databases.ci.env = BACKFILL_CI
      sources {
        infos = packages_build_infos
        pipelines {
          database = ci
          table = p_ci_pipelines
          WHERE
          keyed-by { id = [infos.pipeline_id] }
        }
      }
      steps = [{
        name = versions, kind = rows, mode = update
        query = \"""
          SELECT i.package_id AS id, max(p.ref) AS version
          FROM infos i JOIN pipelines p ON p.id = i.pipeline_id GROUP BY 1\"""
        into = { table = packages_packages, key = [id] }
      }]
      """;

  public static TestingPackages create() throws SQLException {
    return create(TestingPostgres.shared(), TestingPostgres.shared());
  }

  public static TestingPackages create(TestingPostgres ofMain, TestingPostgres ofCi)
      throws SQLException {
    TestingPackages packages = new TestingPackages(ofMain.createDatabase(), ofCi.createDatabase());
    TestingUpstreamTables.load(packages.main, "gitlab-packages");
    TestingUpstreamTables.load(packages.ci, "gitlab-ci");
    return packages;
  }

  /** What the job is given to find both. */
  public Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>(main.environment());
    ci.environment()
        .forEach(
            (name, value) -> environment.put(name.replace("BACKFILL_", "BACKFILL_CI_"), value));
    return environment;
  }

  /** The environment with something else in a variable's place. */
  public Map<String, String> environment(String variable, String value) {
    Map<String, String> environment = environment();
    environment.put(variable, value);
    return environment;
  }

  public TestingRun run(String command, String... arguments) {
    // Of a few rows, one that goes is much.
    List<String> words =
        new ArrayList<>(List.of(command, PLAN, "--set", "limits.surplus-percent=100"));
    words.addAll(List.of(arguments));
    return TestingRun.of(environment(), words.toArray(String[]::new));
  }

  /** Runs a command on a plan of the test's own. */
  public TestingRun runPlan(String plan, String command, String... arguments) {
    return runPlan(environment(), plan, command, arguments);
  }

  /** Likewise, in an environment of the test's own. */
  public TestingRun runPlan(
      Map<String, String> environment, String plan, String command, String... arguments) {
    try {
      Path file = Files.createTempFile("plan", ".conf");
      try {
        Files.writeString(file, plan);
        List<String> words = new ArrayList<>(List.of(command, file.toString()));
        words.addAll(List.of(arguments));
        return TestingRun.of(environment, words.toArray(String[]::new));
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A package of this id. */
  public TestingPackages with(long id) throws SQLException {
    main.execute(
        "INSERT INTO packages_packages (id, project_id, created_at, updated_at, name, package_type)"
            + " VALUES (%d, 1, now(), now(), 'p', 2)".formatted(id));
    return this;
  }

  /** A file of this id, of a package. */
  public TestingPackages withFile(long id, long ofPackage) throws SQLException {
    main.execute(
        "INSERT INTO packages_package_files (id, package_id, created_at, updated_at, file_name, file, project_id)"
            + " VALUES (%d, %d, now(), now(), 'f', 'f', 1)".formatted(id, ofPackage));
    return this;
  }

  /** Build infos of a package in this order; a pipeline may be null. */
  public TestingPackages builtBy(long ofPackage, Long... pipelines) throws SQLException {
    for (Long pipeline : pipelines) {
      main.execute(
          "INSERT INTO packages_build_infos (package_id, pipeline_id) VALUES (%d, %s)"
              .formatted(ofPackage, pipeline));
    }
    return this;
  }

  /** Build infos of a package file. */
  public TestingPackages fileBuiltBy(long file, Long... pipelines) throws SQLException {
    for (Long pipeline : pipelines) {
      main.execute(
          "INSERT INTO packages_package_file_build_infos (package_file_id, pipeline_id) VALUES (%d, %s)"
              .formatted(file, pipeline));
    }
    return this;
  }

  /** Pipelines in CI's first partition, run by nobody. */
  public TestingPackages pipelines(long... ids) throws SQLException {
    for (long id : ids) {
      pipeline(id, 100, null);
    }
    return this;
  }

  /** A pipeline in a partition, 100 or 101, run by a user of this id or nobody. */
  public TestingPackages pipeline(long id, int partition, Long user) throws SQLException {
    ci.execute(
        "INSERT INTO p_ci_pipelines (id, partition_id, project_id, ref, sha, status, user_id)"
            + " VALUES (%1$d, %2$d, 1, 'ref%1$d', 'sha%1$d', 'success', %3$s)"
                .formatted(id, partition, user));
    return this;
  }

  @Override
  public void close() throws SQLException {
    main.close();
    ci.close();
  }
}
