package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingAccessRules;
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
  private static final String PRESENT = TestingAccessRules.GITLAB.held("") + " ORDER BY 1, 2";
  private static final String EXPECTED = TestingAccessRules.GITLAB.expected() + " ORDER BY 1, 2";

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
    there.database.execute(TestingAccessRules.GITLAB.fill(seed));

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
