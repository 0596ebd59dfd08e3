package backfill.testing;

import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** GitLab's packages, whose pipelines were filled once and then changed. */
final class TestingFaultedPackages extends TestingFaultedTables {
  private static final int NEWEST = 20;

  private final TestingPackages packages;

  TestingFaultedPackages(TestingDatabase main, TestingDatabase ci) {
    super(TestingFaultedPlan.PACKAGES, main);
    this.packages = new TestingPackages(main, ci);
  }

  @Override
  public Map<String, String> environment() {
    return packages.environment();
  }

  @Override
  Collection<TestingDatabase> databases() {
    return List.of(packages.main(), packages.ci());
  }

  @Override
  Map<String, TestingDatabase> copies(TestingPostgres server) throws SQLException {
    return Map.of(
        plan().plan,
        server.copy(packages.main()),
        TestingFaultedPlan.CI,
        server.copy(packages.ci()));
  }

  @Override
  void assertComplete(String after) throws Exception {
    try {
      new TestingPackageOracle(packages, new Random()).assertRight(NEWEST);
    } catch (AssertionError e) {
      throw new AssertionError(after + ": " + e.getMessage(), e);
    }
  }

  /** The oracle asks both ways at once. */
  @Override
  String missing() {
    return "SELECT WHERE false";
  }

  @Override
  String surplus() {
    return "SELECT WHERE false";
  }

  @Override
  public void close() throws SQLException {
    packages.close();
  }
}
