package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.PlanFile;
import backfill.testing.TestingCheckout;
import backfill.testing.TestingCookbook;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each recipe of the cookbook does what it says, as it stands in the help: beside plain SQL over
 * the same tables. That one which reads from a replica is run by {@link ReplicaConflictTest}.
 */
class CookbookTest {
  static final String REPLICA = "Read from a replica";

  private static final Path HELP =
      TestingCheckout.root().resolve("job/src/main/resources/help/cookbook.txt");

  private static final String GRANTS =
      """
      CREATE TABLE project_grants (project_id int, team_id int, deleted_at timestamptz);
      CREATE TABLE team_members (team_id int, user_id int, role_id int, expires_at timestamptz, deleted_at timestamptz);
      CREATE TABLE project_users (project_id int, user_id int, PRIMARY KEY (project_id, user_id));
      INSERT INTO project_grants SELECT i % 20, i % 13 FROM generate_series(1, 60) i;
      INSERT INTO team_members SELECT i % 15, i % 40, 1 + i % 3 FROM generate_series(1, 120) i;
      """;

  private static final String PAIRS =
      "SELECT DISTINCT project_id, user_id FROM project_grants g JOIN team_members m USING (team_id) ";

  private static final String PRESENT = "SELECT project_id, user_id FROM project_users";

  /**
   * What a recipe is tried with.
   *
   * @param tables statements that make and fill them
   * @param expected the query that gives what the target must have
   * @param present the query that gives what it has
   * @param change statements after which a second run must be right, too
   */
  private record Recipe(
      String title, String tables, String expected, String present, String change) {
    @Override
    public String toString() {
      return title;
    }
  }

  static Stream<Recipe> recipes() {
    return Stream.of(
        new Recipe(
            "Expiring memberships",
            GRANTS
                + """
                UPDATE team_members SET expires_at = now() + (user_id - 10) * interval '1 day' WHERE user_id % 3 > 0;
                """,
            PAIRS + "WHERE expires_at IS NULL OR expires_at > now()",
            PRESENT,
            "UPDATE team_members SET expires_at = now() - interval '1 hour' WHERE user_id = 20"),
        new Recipe(
            "Soft deletes",
            GRANTS
                + """
                ALTER TABLE project_users DROP CONSTRAINT project_users_pkey;
                ALTER TABLE project_users ADD deleted_at timestamptz;
                CREATE UNIQUE INDEX ON project_users (project_id, user_id) WHERE deleted_at IS NULL;
                INSERT INTO project_users SELECT i % 20, i % 40, now() FROM generate_series(1, 60) i;
                UPDATE project_grants SET deleted_at = now() WHERE project_id % 4 = 0;
                UPDATE team_members SET deleted_at = now() WHERE user_id % 5 = 0;
                """,
            PAIRS + "WHERE g.deleted_at IS NULL AND m.deleted_at IS NULL",
            PRESENT + " WHERE deleted_at IS NULL",
            "UPDATE project_users SET deleted_at = now() WHERE user_id % 4 = 1"),
        new Recipe(
            "Role filter",
            GRANTS
                + """
                CREATE TABLE roles (id int PRIMARY KEY, name text);
                INSERT INTO roles VALUES (1, 'guest'), (2, 'editor'), (3, 'owner');
                """,
            PAIRS + "WHERE role_id > 1",
            PRESENT,
            "INSERT INTO team_members VALUES (3, 77, 1), (3, 78, 2)"),
        new Recipe(
            "Nested groups",
            GRANTS
                + """
                CREATE TABLE teams (id int PRIMARY KEY, parent_id int);
                INSERT INTO teams SELECT i, CASE WHEN i % 4 > 0 THEN i / 2 END FROM generate_series(0, 14) i;
                UPDATE teams SET parent_id = 11 WHERE id = 5;
                """,
            """
            WITH RECURSIVE within AS (
              SELECT team_id, user_id FROM team_members
              UNION SELECT parent_id, user_id FROM within JOIN teams ON id = team_id WHERE parent_id IS NOT NULL)
            SELECT DISTINCT project_id, user_id FROM project_grants JOIN within USING (team_id)
            """,
            PRESENT,
            "UPDATE teams SET parent_id = 2 WHERE id = 14"),
        new Recipe(
            "Tenant keys",
            """
            CREATE TABLE project_grants (tenant_id uuid, project_id int, team_id int);
            CREATE TABLE team_members (tenant_id uuid, team_id int, user_id int);
            CREATE TABLE project_users (tenant_id uuid, user_id int, project_id int,
              PRIMARY KEY (tenant_id, user_id, project_id));
            INSERT INTO project_grants SELECT md5((i % 3)::text)::uuid, i % 20, i % 13 FROM generate_series(1, 60) i;
            INSERT INTO team_members SELECT md5((i % 4)::text)::uuid, i % 15, i % 40 FROM generate_series(1, 120) i;
            """,
            "SELECT DISTINCT tenant_id::text, project_id, user_id FROM project_grants JOIN team_members USING (tenant_id, team_id)",
            "SELECT tenant_id::text, project_id, user_id FROM project_users",
            "INSERT INTO team_members SELECT DISTINCT tenant_id, 1, 77 FROM team_members"),
        new Recipe(
            "Extra columns",
            GRANTS
                + """
                ALTER TABLE project_users ADD granted_by text NOT NULL, ADD granted_at timestamptz NOT NULL;
                INSERT INTO project_users VALUES (3, 3, 'admin', '2020-01-01');
                """,
            """
            SELECT DISTINCT project_id, user_id, CASE WHEN (project_id, user_id) = (3, 3) THEN 'admin' ELSE 'backfill' END,
              (project_id, user_id) = (3, 3)
            FROM (SELECT project_id, user_id FROM project_grants JOIN team_members USING (team_id) UNION SELECT 3, 3) p
            """,
            "SELECT project_id, user_id, granted_by, granted_at < now() - interval '1 hour' FROM project_users",
            "INSERT INTO team_members VALUES (4, 99)"),
        new Recipe(
            "Levels",
            """
            CREATE TABLE project_owners AS SELECT i AS project_id, i AS user_id FROM generate_series(1, 10) i;
            CREATE TABLE project_grants AS
              SELECT i % 20 AS project_id, i % 13 AS team_id, (ARRAY['admin', 'read', 'write'])[1 + i % 3] AS access
              FROM generate_series(1, 60) i;
            CREATE TABLE team_members AS
              SELECT i % 15 AS team_id, i % 40 AS user_id, (ARRAY['admin', 'read', 'write'])[1 + i / 7 % 3] AS role
              FROM generate_series(1, 120) i;
            CREATE TABLE project_users (project_id int, user_id int, access text NOT NULL, PRIMARY KEY (project_id, user_id));
            CREATE FUNCTION rank(text) RETURNS int LANGUAGE sql AS $$ SELECT array_position('{read,write,admin}', $1) $$;
            """,
            """
            SELECT project_id, user_id, ('{read,write,admin}'::text[])[max(level)] FROM (
              SELECT project_id, user_id, 3 AS level FROM project_owners
              UNION ALL SELECT project_id, user_id, least(rank(access), rank(role))
              FROM project_grants JOIN team_members USING (team_id)) w GROUP BY 1, 2
            """,
            "SELECT project_id, user_id, access FROM project_users",
            "UPDATE team_members SET role = 'write' WHERE user_id < 20; UPDATE project_grants SET access = 'admin'"),
        new Recipe(
            "Folder trees",
            """
            CREATE TABLE folder_grants (folder_id int, user_id int);
            CREATE TABLE folders (id int PRIMARY KEY, parent_id int);
            CREATE TABLE files (id int PRIMARY KEY, folder_id int);
            CREATE TABLE file_users (file_id int, user_id int, PRIMARY KEY (file_id, user_id));
            INSERT INTO folders SELECT i, CASE WHEN i > 3 THEN i / 3 END FROM generate_series(1, 50) i;
            INSERT INTO files SELECT 100 + i, 1 + i % 55 FROM generate_series(1, 200) i;
            INSERT INTO folder_grants SELECT 1 + i * 7 % 50, i FROM generate_series(1, 20) i;
            """,
            """
            WITH RECURSIVE below AS (
              SELECT folder_id, user_id FROM folder_grants
              UNION SELECT f.id, user_id FROM below b JOIN folders f ON f.parent_id = b.folder_id)
            SELECT DISTINCT id, user_id FROM files JOIN below USING (folder_id)
            """,
            "SELECT file_id, user_id FROM file_users",
            "UPDATE folders SET parent_id = 1 WHERE id = 30; INSERT INTO files VALUES (999, 30)"));
  }

  @TempDir private Path directory;

  @ParameterizedTest
  @MethodSource("recipes")
  void doesWhatItSays(Recipe recipe) throws Exception {
    Path plan = directory.resolve("recipe.conf");
    Files.writeString(plan, TestingCookbook.plans().get(recipe.title()));
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute(recipe.tables());
      assertThat(runs(plan, database, recipe)).isPositive();
      database.execute(recipe.change());
      runs(plan, database, recipe);
    }
  }

  private static long runs(Path plan, TestingDatabase database, Recipe recipe) throws SQLException {
    TestingRun run = TestingRun.of(database.environment(), "run", plan);
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(database.rows(sorted(recipe.present())))
        .isEqualTo(database.rows(sorted(recipe.expected())))
        .isNotEmpty();
    return run.inserted();
  }

  private static String sorted(String query) {
    return "SELECT * FROM (" + query + ") AS q ORDER BY q";
  }

  @Test
  void noneIsLeftOut() {
    List<String> tried = new ArrayList<>(recipes().map(Recipe::title).toList());
    tried.add(REPLICA);
    Map<String, String> plans = TestingCookbook.plans();
    assertThat(plans.keySet()).containsExactlyInAnyOrderElementsOf(tried);
    plans.forEach(
        (title, plan) ->
            assertThat(PlanFile.read(title, plan, List.of(), "1").name())
                .isEqualTo(title.toLowerCase(Locale.ROOT).replace(' ', '-')));
  }

  /** In the one its titles are headings, in the other lines of their own. */
  @Test
  void readmeOfConfIsTheHelpAndNamesEveryShippedPlan() throws Exception {
    String readme = Files.readString(TestingCheckout.root().resolve("conf/README.md"));
    List<String> said =
        readme
            .substring(readme.indexOf("\n## Cookbook\n"))
            .lines()
            .skip(3)
            .map(line -> line.replaceFirst("^### ", ""))
            .toList();
    assertThat(said).isEqualTo(TestingCheckout.lines(HELP));
    assertThat(said.stream().filter(TestingCookbook::isTitle).toList())
        .containsExactlyElementsOf(TestingCookbook.plans().keySet());
    TreeSet<String> named = new TreeSet<>();
    readme
        .lines()
        .filter(line -> line.startsWith("| `"))
        .forEach(line -> named.add(line.replaceFirst("^\\| `(.*?)\\.conf`.*", "$1")));
    assertThat(named).containsExactlyElementsOf(PlanFile.shipped());
  }
}
