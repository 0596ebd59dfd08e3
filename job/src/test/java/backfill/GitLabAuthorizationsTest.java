package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import backfill.testing.TestingUpstream;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The roles that the shipped plan gives in GitLab's projects are those of a recursive query. */
class GitLabAuthorizationsTest {
  private static final String EXPECTED =
      """
      WITH RECURSIVE direct AS (
        SELECT source_id AS group_id, user_id, access_level FROM members
        WHERE source_type = 'Namespace' AND user_id IS NOT NULL AND requested_at IS NULL AND state = 0 AND access_level > 5),
      held(group_id, user_id, access_level) AS (
        (SELECT d.* FROM direct d JOIN namespaces g ON g.id = d.group_id WHERE g.type = 'Group'
         UNION
         SELECT l.shared_group_id, d.user_id, least(d.access_level, l.group_access)
         FROM group_group_links l JOIN direct d ON d.group_id = l.shared_with_group_id WHERE l.group_access > 5)
        UNION
        SELECT g.id, h.user_id, h.access_level FROM held h JOIN namespaces g ON g.parent_id = h.group_id WHERE g.type = 'Group'),
      ways(user_id, project_id, access_level) AS (
        SELECT m.user_id, p.id, m.access_level FROM members m JOIN projects p ON p.id = m.source_id
        WHERE source_type = 'Project' AND user_id IS NOT NULL AND requested_at IS NULL AND state = 0
        UNION ALL
        SELECT n.owner_id, p.id, 50 FROM projects p JOIN namespaces n ON n.id = p.namespace_id WHERE n.type = 'User'
        UNION ALL
        SELECT h.user_id, p.id, h.access_level FROM held h JOIN projects p ON p.namespace_id = h.group_id
        UNION ALL
        SELECT h.user_id, p.id, least(h.access_level, l.group_access)
        FROM held h JOIN project_group_links l USING (group_id) JOIN projects p ON p.id = l.project_id
        JOIN namespaces n ON n.id = p.namespace_id WHERE n.share_with_group_lock IS FALSE)
      SELECT user_id, project_id, max(access_level) FROM ways WHERE user_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2""";

  private static final String PRESENT =
      "SELECT user_id, project_id, access_level FROM project_authorizations WHERE is_unique ORDER BY 1, 2";

  private static final String[] AS_GITLAB = {
    "--set", "params.surplus=delete",
    "--set", "allow-delete=true",
    "--set", "limits.surplus-percent=none"
  };

  private TestingUpstream there;

  @BeforeEach
  void create() throws SQLException {
    there = TestingUpstream.create("gitlab-authorizations", "gitlab-project-authorizations");
  }

  @AfterEach
  void drop() throws SQLException {
    there.close();
  }

  private TestingRun ran(String... options) {
    TestingRun run = there.run("run", options);
    assertThat(run.code()).as(run.said()).isZero();
    return run;
  }

  /** Members of every state, groups in groups, invitations across them and in circles. */
  @Test
  void atRandomAreThoseOfARecursiveQuery() throws Exception {
    long seed = TestingRandomGrants.anySeed();
    there.database.execute(
        """
        SELECT setseed(%s);
        CREATE FUNCTION any_of(most int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT 1 + floor(random() * most)::int $$;
        CREATE FUNCTION any_level() RETURNS int LANGUAGE sql VOLATILE AS
          $$ SELECT ('{5,10,15,20,30,40,50}'::int[])[any_of(7)] $$;
        INSERT INTO users SELECT i FROM generate_series(1, 40) i;
        INSERT INTO namespaces (id, type, parent_id, share_with_group_lock)
        SELECT i, 'Group', CASE WHEN i %% 5 > 0 THEN any_of(i - 1) END, CASE WHEN i %% 4 = 0 THEN i %% 8 = 0 END
        FROM generate_series(1, 40) i;
        UPDATE namespaces SET share_with_group_lock = false WHERE id %% 3 > 0;
        INSERT INTO namespaces (id, owner_id) SELECT 40 + i, i FROM generate_series(1, 10) i;
        INSERT INTO namespaces (id) VALUES (60);
        INSERT INTO projects (id, namespace_id) SELECT i, any_of(50) FROM generate_series(1, 60) i;
        INSERT INTO projects (id, namespace_id) VALUES (61, 60);
        INSERT INTO namespaces (id, type, parent_id) SELECT 100 + id, 'Project', namespace_id FROM projects;
        INSERT INTO members (access_level, source_id, source_type, user_id, state, requested_at)
        SELECT any_level(), any_of(44), 'Namespace', CASE WHEN i %% 20 > 0 THEN any_of(40) END,
               CASE WHEN i %% 15 = 1 THEN 1 WHEN i %% 15 > 1 THEN 0 END, CASE WHEN i %% 17 = 0 THEN now() END
        FROM generate_series(1, 110) i;
        INSERT INTO members (access_level, source_id, source_type, user_id, requested_at)
        SELECT 5 + 5 * any_of(9), any_of(66), 'Project', any_of(40), CASE WHEN i %% 17 = 0 THEN now() END
        FROM generate_series(1, 30) i;
        INSERT INTO group_group_links (shared_group_id, shared_with_group_id, group_access)
        SELECT any_of(40), any_of(40), any_level() FROM generate_series(1, 25) ON CONFLICT DO NOTHING;
        INSERT INTO project_group_links (project_id, group_id, group_access)
        SELECT any_of(60), any_of(44), any_level() FROM generate_series(1, 25);
        INSERT INTO project_authorizations (user_id, project_id, access_level, is_unique)
        SELECT DISTINCT ON (1, 2) any_of(40), any_of(60), any_level(), true FROM generate_series(1, 60)
        """
            .formatted((seed % 1000) / 1000.0));

    TestingRun dry = there.run("plan", AS_GITLAB);
    assertThat(dry.code()).as(dry.said()).isZero();
    TestingRun run = ran(AS_GITLAB);

    assertThat(run.counts("authorizations", "inserted", "updated", "deleted"))
        .as("seed " + seed)
        .allMatch(count -> count > 0)
        .isEqualTo(dry.counts("authorizations", "toInsert", "toUpdate", "toDelete"));
    assertSame(seed);
    List<List<Object>> trace = there.trace();
    ran(AS_GITLAB);
    assertThat(there.trace()).as("seed " + seed).isEqualTo(trace);

    there.database.execute(
        "DELETE FROM group_group_links WHERE id % 3 = 0",
        "UPDATE members SET access_level = 30 WHERE user_id < 10 AND access_level > 5",
        "UPDATE namespaces SET parent_id = NULL WHERE id BETWEEN 10 AND 20");
    ran(AS_GITLAB);
    assertSame(seed);
  }

  private void assertSame(long seed) throws SQLException {
    assertThat(there.database.rows(PRESENT))
        .as("seed " + seed)
        .isEqualTo(there.database.rows(EXPECTED));
  }

  /** As GitLab's pages have it: who is brought by an invitation, and with which role. */
  @Test
  void invitedGroupBringsItsDirectMembersIntoAGroupAndAllIntoAProject() throws Exception {
    there.database.execute(
        """
        INSERT INTO users SELECT i FROM generate_series(1, 5) i;
        INSERT INTO namespaces (id, type, parent_id) VALUES
          (1, 'Group', NULL), (2, 'Group', NULL), (3, 'Group', 2), (4, 'Group', 1), (5, 'Group', NULL);
        INSERT INTO projects (id, namespace_id) VALUES (10, 4), (20, 5);
        INSERT INTO members (access_level, source_id, source_type, user_id) VALUES
          (50, 1, 'Namespace', 1), (40, 2, 'Namespace', 2), (30, 3, 'Namespace', 3), (20, 4, 'Namespace', 1), (10, 3, 'Namespace', 4);
        INSERT INTO group_group_links (shared_group_id, shared_with_group_id, group_access) VALUES (1, 3, 20);
        INSERT INTO project_group_links (project_id, group_id, group_access) VALUES (20, 3, 30);
        INSERT INTO project_authorizations VALUES (5, 20, 30, NULL), (5, 20, 10, NULL);
        """);

    TestingRun run = ran();

    assertThat(there.database.rows(PRESENT))
        .hasToString(
            "[[1, 10, 50], [2, 20, 30], [3, 10, 20], [3, 20, 30], [4, 10, 10], [4, 20, 10]]");
    assertThat(
            there.database.count(
                "SELECT count(*) FROM project_authorizations WHERE is_unique IS NULL"))
        .as(run.said())
        .isEqualTo(2);
  }
}
