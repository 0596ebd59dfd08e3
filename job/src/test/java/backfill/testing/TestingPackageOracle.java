package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;

/**
 * Random packages and pipelines, and what plain SQL makes of them over a copy of both databases'
 * tables in one.
 */
public final class TestingPackageOracle {
  private static final String NEWEST =
      """
      (SELECT %1$s AS owner, pipeline_id, count(*)::int AS build_info_count
       FROM (SELECT b.*, row_number() OVER (PARTITION BY %1$s ORDER BY id DESC) AS place
             FROM %2$s b WHERE pipeline_id IS NOT NULL) n
       WHERE place <= %3$d GROUP BY 1, 2)""";
  private static final String JOINED =
      """
      SELECT n.*, p.ref::text, p.sha::text, p.status::text, u.id AS user_id
      FROM %s n JOIN copied_pipelines p ON p.id = n.pipeline_id LEFT JOIN users u ON u.id = p.user_id""";

  private final TestingPackages packages;
  private final Random random;

  public TestingPackageOracle(TestingPackages packages, Random random) {
    this.packages = packages;
    this.random = random;
  }

  /** Packages with infos by the dozen, of which some name no pipeline and some one that is gone. */
  public void fill() throws SQLException {
    double seed = random.nextDouble();
    packages
        .main()
        .execute(
            "SELECT setseed(" + seed + ")",
            "INSERT INTO users (id) SELECT n FROM generate_series(1, 40) n",
            "INSERT INTO packages_packages (id, project_id, created_at, updated_at, name, package_type)"
                + " SELECT n, 1, now(), now(), 'p' || n, 1 FROM generate_series(1, 60) n",
            "INSERT INTO packages_package_files (id, package_id, created_at, updated_at, file_name, file, project_id)"
                + " SELECT n, 1 + n % 60, now(), now(), 'f', 'f', 1 FROM generate_series(1, 80) n");
    infos(1200);
    packages
        .ci()
        .execute(
            "SELECT setseed(" + seed + ")",
            "INSERT INTO p_ci_pipelines (id, partition_id, project_id, ref, sha, status, user_id)"
                + " SELECT n, 100 + n % 2, 1, CASE WHEN random() < 0.9 THEN 'r' || n END, md5(n::text),"
                + " (ARRAY['success', 'failed', NULL])[1 + floor(random() * 3)::int],"
                + " CASE WHEN random() < 0.8 THEN 1 + floor(random() * 60)::int END"
                + " FROM generate_series(1, 400) n WHERE random() < 0.8");
  }

  private void infos(int count) throws SQLException {
    String pipeline = "CASE WHEN random() < 0.9 THEN 1 + floor(random() * 400)::int END";
    packages
        .main()
        .execute(
            "SELECT setseed(" + random.nextDouble() + ")",
            "INSERT INTO packages_build_infos (package_id, pipeline_id)"
                + " SELECT 1 + floor(random() ^ 2 * 60)::int, %s FROM generate_series(1, %d)"
                    .formatted(pipeline, count),
            "INSERT INTO packages_package_file_build_infos (package_file_id, pipeline_id)"
                + " SELECT 1 + floor(random() ^ 2 * 80)::int, %s FROM generate_series(1, %d)"
                    .formatted(pipeline, count));
  }

  /** Infos come and go, users leave, and pipelines change or go. */
  public void change() throws SQLException {
    infos(150);
    packages
        .main()
        .execute(
            "DELETE FROM users WHERE id % 7 = 0",
            "DELETE FROM packages_build_infos WHERE id % 11 = 0",
            "UPDATE packages_package_file_build_infos SET pipeline_id = NULL WHERE id % 13 = 0");
    packages
        .ci()
        .execute(
            "DELETE FROM p_ci_pipelines WHERE id % 9 = 0",
            "UPDATE p_ci_pipelines SET status = 'canceled', ref = NULL WHERE id % 10 = 1");
  }

  /** Each of the three tables holds what it should, and nothing else. */
  public void assertRight(int newest) throws SQLException {
    copyPipelines();
    assertSame(
        "package_pipelines",
        JOINED.formatted(NEWEST.formatted("package_id", "packages_build_infos", newest)));
    assertSame(
        "package_file_pipelines",
        JOINED.formatted(
            NEWEST.formatted("package_file_id", "packages_package_file_build_infos", newest)));
    assertSame(
        "package_original_pipelines",
        JOINED.formatted(
            "(SELECT DISTINCT ON (package_id) package_id, pipeline_id FROM packages_build_infos"
                + " ORDER BY package_id, id)"));
    packages.main().execute("DROP TABLE copied_pipelines");
  }

  private void assertSame(String table, String query) throws SQLException {
    assertThat(
            packages
                .main()
                .rows(
                    "SELECT t::text FROM "
                        + table
                        + " t EXCEPT ALL SELECT q::text FROM ("
                        + query
                        + ") q"))
        .as("of %s, and should not be", table)
        .isEmpty();
    assertThat(
            packages
                .main()
                .rows(
                    "SELECT q::text FROM ("
                        + query
                        + ") q EXCEPT ALL SELECT t::text FROM "
                        + table
                        + " t"))
        .as("not of %s, and should be", table)
        .isEmpty();
    assertThat(packages.main().count("SELECT count(*) FROM " + table)).isPositive();
  }

  private void copyPipelines() throws SQLException {
    List<List<Object>> rows =
        packages.ci().rows("SELECT id, ref, sha, status, user_id FROM p_ci_pipelines");
    try (Connection connection = packages.main().connection();
        var insert =
            create(connection)
                .prepareStatement("INSERT INTO copied_pipelines VALUES (?, ?, ?, ?, ?)")) {
      for (List<Object> row : rows) {
        for (int i = 0; i < row.size(); i++) {
          insert.setObject(i + 1, row.get(i));
        }
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static Connection create(Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE copied_pipelines (id bigint, ref varchar, sha varchar, status varchar, user_id bigint)");
    }
    return connection;
  }
}
