package backfill.testing;

import backfill.demo.DemoData;
import backfill.demo.Scale;
import java.sql.Connection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Each shipped plan, and what its faulted runs need to know of it. */
public enum TestingFaultedPlan {
  DOJO(
      "defectdojo-authorized-users",
      3,
      List.of(
          new Target(
              "product-users", "dojo_product_authorized_users", "product_id", "dojo_user_id"),
          new Target(
              "product-type-users",
              "dojo_product_type_authorized_users",
              "product_type_id",
              "dojo_user_id"),
          new Target("user-flags", "auth_user", "id")),
      "dojo_product_member",
      "dojo_dojo_group_member") {
    @Override
    Map<String, TestingDatabase> filled(TestingPostgres server) throws Exception {
      TestingDatabase database = server.createDatabase();
      try (Connection connection = database.connection()) {
        DemoData.fill(connection, Scale.TINY);
      }
      return Map.of(plan, database);
    }

    @Override
    TestingFaultedTables of(Map<String, TestingDatabase> databases) {
      return new TestingFaultedGrants(databases.get(plan));
    }
  },

  PREBUILDS(
      "coder-prebuilds-membership",
      2,
      List.of(
          new Target("organization-members", "organization_members", "organization_id", "user_id"),
          new Target("groups", "groups", "id"),
          new Target("group-members", "group_members", "group_id", "user_id")),
      "template_version_presets",
      "templates") {
    @Override
    Map<String, TestingDatabase> filled(TestingPostgres server) throws Exception {
      return upstream(server, "coder-prebuilds", TestingFaultedMembers.FILL);
    }

    @Override
    TestingFaultedTables of(Map<String, TestingDatabase> databases) {
      return new TestingFaultedMembers(databases.get(plan));
    }
  },

  API_KEYS(
      "coder-api-key-scopes",
      3,
      List.of(new Target("purge", "api_keys", "id")),
      "oauth2_provider_app_tokens") {
    @Override
    Map<String, TestingDatabase> filled(TestingPostgres server) throws Exception {
      TestingDatabase database = TestingApiKeys.create(server).many(60).database;
      // Large rows, so that a disk may be too small for the new versions of them.
      database.execute(
          "ALTER TABLE api_keys ALTER hashed_secret SET STORAGE PLAIN",
          "UPDATE api_keys SET hashed_secret = repeat(md5(id), 50)::bytea");
      database.execute("VACUUM FULL api_keys");
      return Map.of(plan, database);
    }

    @Override
    TestingFaultedTables of(Map<String, TestingDatabase> databases) {
      return new TestingFaultedKeys(databases.get(plan));
    }
  },

  SEATS(
      "gitlab-seat-assignments",
      3,
      List.of(new Target("seats", "subscription_seat_assignments", "id")),
      "members",
      "gitlab_subscriptions") {
    @Override
    Map<String, TestingDatabase> filled(TestingPostgres server) throws Exception {
      return upstream(server, "gitlab-seats", TestingFaultedSeats.FILL);
    }

    @Override
    TestingFaultedTables of(Map<String, TestingDatabase> databases) {
      return new TestingFaultedSeats(databases.get(plan));
    }
  },

  PACKAGES(
      "gitlab-package-pipelines",
      20,
      List.of(
          new Target("package-pipelines", "package_pipelines", "package_id", "pipeline_id"),
          new Target(
              "package-file-pipelines", "package_file_pipelines", "package_file_id", "pipeline_id"),
          new Target("original-pipelines", "package_original_pipelines", "package_id")),
      "packages_build_infos",
      "packages_package_file_build_infos") {
    @Override
    Map<String, TestingDatabase> filled(TestingPostgres server) throws Exception {
      TestingPackages packages = TestingPackages.create(server, server);
      TestingPackageOracle oracle = new TestingPackageOracle(packages, new Random(16));
      oracle.fill();
      packages.run("run");
      oracle.change();
      packages.main().execute("DROP SCHEMA backfill CASCADE");
      return Map.of(plan, packages.main(), CI, packages.ci());
    }

    @Override
    TestingFaultedTables of(Map<String, TestingDatabase> databases) {
      return new TestingFaultedPackages(databases.get(plan), databases.get(CI));
    }
  },

  AUTHORIZATIONS(
      "gitlab-project-authorizations",
      20,
      List.of(new Target("authorizations", "project_authorizations", "user_id", "project_id")),
      "members",
      "group_group_links") {
    @Override
    Map<String, TestingDatabase> filled(TestingPostgres server) throws Exception {
      return upstream(
          server, TestingAccessRules.GITLAB.tables(), TestingAccessRules.GITLAB.fill(SEED));
    }

    @Override
    TestingFaultedTables of(Map<String, TestingDatabase> databases) {
      return new TestingFaultedAccess(this, TestingAccessRules.GITLAB, databases.get(plan));
    }
  },

  REPOSITORIES(
      "gitea-repository-access",
      10,
      List.of(new Target("access", "access", "user_id", "repo_id")),
      "team_user",
      "collaboration") {
    @Override
    Map<String, TestingDatabase> filled(TestingPostgres server) throws Exception {
      return upstream(
          server, TestingAccessRules.GITEA.tables(), TestingAccessRules.GITEA.fill(SEED));
    }

    @Override
    TestingFaultedTables of(Map<String, TestingDatabase> databases) {
      return new TestingFaultedAccess(this, TestingAccessRules.GITEA, databases.get(plan));
    }
  },

  ROLES(
      "keycloak-effective-roles",
      20,
      List.of(new Target("effective-roles", "user_effective_role", "user_id", "role_id")),
      "user_group_membership",
      "composite_role") {
    @Override
    Map<String, TestingDatabase> filled(TestingPostgres server) throws Exception {
      TestingAccessRules rules = TestingAccessRules.KEYCLOAK;
      // As the plan's first step makes it, and some of it is there.
      return upstream(
          server,
          rules.tables(),
          rules.fill(SEED)
              + """
              ; CREATE TABLE user_effective_role (
                user_id varchar(36) NOT NULL, role_id varchar(36) NOT NULL, PRIMARY KEY (user_id, role_id));
              INSERT INTO user_effective_role SELECT user_id, role_id FROM user_role_mapping WHERE user_id < '8'""");
    }

    @Override
    TestingFaultedTables of(Map<String, TestingDatabase> databases) {
      return new TestingFaultedAccess(this, TestingAccessRules.KEYCLOAK, databases.get(plan));
    }
  };

  /** Of rows at random: the same in each process, so that a fault can be repeated. */
  private static final long SEED = 419;

  /** The second database of the plan that has two. */
  static final String CI = "ci";

  /** A step's table, and the columns that identify its rows. */
  record Target(String step, String table, List<String> key) {
    Target(String step, String table, String... key) {
      this(step, table, List.of(key));
    }
  }

  final String plan;
  private final int rowsPerBatch;
  private final List<Target> targets;
  private final List<String> sources;
  private final Map<TestingPostgres, TestingFaultedTables> patterns = new HashMap<>();

  TestingFaultedPlan(String plan, int rowsPerBatch, List<Target> targets, String... sources) {
    this.plan = plan;
    this.rowsPerBatch = rowsPerBatch;
    this.targets = targets;
    this.sources = List.of(sources);
  }

  /** New databases, by the names that {@link #of} knows. */
  abstract Map<String, TestingDatabase> filled(TestingPostgres server) throws Exception;

  abstract TestingFaultedTables of(Map<String, TestingDatabase> databases);

  Map<String, TestingDatabase> upstream(TestingPostgres server, String tables, String fill)
      throws Exception {
    TestingDatabase database = server.createDatabase();
    TestingUpstreamTables.load(database, tables);
    database.execute(fill);
    return Map.of(plan, database);
  }

  /** Whether its runs need Spark; without it there is no executor to lose. */
  public boolean startsSpark() {
    return this != API_KEYS;
  }

  List<Target> targets() {
    return targets;
  }

  List<String> sources() {
    return sources;
  }

  /** Its tables on a server, filled, in databases of their own. */
  public TestingFaultedTables on(TestingPostgres server) throws Exception {
    synchronized (this) {
      TestingFaultedTables pattern = patterns.get(server);
      if (pattern == null) {
        pattern = of(filled(server));
        pattern.begin();
        patterns.put(server, pattern);
      }
      return of(pattern.copies(server));
    }
  }

  /**
   * The options of its runs: small batches, so that a write has many; a short lease, so that a
   * rerun need not wait long; no long waits.
   */
  public String[] options() {
    return new String[] {
      "--set", "ledger.lease=2 s",
      "--set", "write.rows-per-batch=" + rowsPerBatch,
      "--set", "limits.surplus-percent=100",
      "--set", "lock-timeout=500 ms",
      "--set", "connect-timeout=3 s",
      "--set", "verify.wait-for=20 s"
    };
  }
}
