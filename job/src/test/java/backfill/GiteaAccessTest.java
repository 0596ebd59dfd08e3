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

/** The modes that the shipped plan gives in Gitea's repositories are those of plain SQL. */
class GiteaAccessTest {
  private static final String PRESENT = TestingAccessRules.GITEA.held("") + " ORDER BY 1, 2";
  private static final String EXPECTED = TestingAccessRules.GITEA.expected() + " ORDER BY 1, 2";

  private static final String[] AS_GITEA = {
    "--set", "params.surplus=delete",
    "--set", "allow-delete=true",
    "--set", "limits.surplus-percent=none"
  };

  private TestingUpstream there;

  @BeforeEach
  void create() throws SQLException {
    there = TestingUpstream.create("gitea-access", "gitea-repository-access");
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

  /** Four organizations and twenty users, restricted or not; teams with every mode, and none. */
  @Test
  void atRandomAreThoseOfPlainSql() throws Exception {
    long seed = TestingRandomGrants.anySeed();
    there.database.execute(TestingAccessRules.GITEA.fill(seed));

    TestingRun dry = there.run("plan", AS_GITEA);
    assertThat(dry.code()).as(dry.said()).isZero();
    TestingRun run = ran(AS_GITEA);

    assertThat(run.counts("access", "inserted", "updated", "deleted"))
        .as("seed " + seed)
        .allMatch(count -> count > 0)
        .isEqualTo(dry.counts("access", "toInsert", "toUpdate", "toDelete"));
    assertThat(there.database.rows(PRESENT))
        .as("seed " + seed)
        .isEqualTo(there.database.rows(EXPECTED));
    List<List<Object>> trace = there.trace();
    ran(AS_GITEA);
    assertThat(there.trace()).as("seed " + seed).isEqualTo(trace);
  }

  @Test
  void teamThatGivesMoreThanItsUnitsRefusesTheRun() throws Exception {
    there.database.execute(
        """
        INSERT INTO "user" (id, lower_name, name, type) VALUES (1, 'org', 'org', 1), (2, 'ann', 'ann', 0), (3, 'bob', 'bob', 0);
        INSERT INTO repository (id, owner_id, lower_name, name) VALUES (10, 1, 'r', 'r');
        INSERT INTO team (id, org_id, name, authorize) VALUES (20, 1, 'Owners', 4), (21, 1, 'readers', 2);
        INSERT INTO team_user (org_id, team_id, uid) VALUES (1, 20, 2), (1, 21, 3);
        INSERT INTO team_repo (org_id, team_id, repo_id) VALUES (1, 21, 10);
        INSERT INTO team_unit (org_id, team_id, type, access_mode) VALUES (1, 21, 1, 1), (1, 21, 2, 1);
        """);

    TestingRun refused = there.run("run");
    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.message())
        .isEqualTo(
            "never team-above-its-units gives 1 row, and must give none: (id, authorize) = (21, 2). Nothing was written");

    there.database.execute("UPDATE team SET authorize = 1 WHERE id = 21");
    ran();
    assertThat(there.database.rows(PRESENT)).hasToString("[[10, 2, 4], [10, 3, 1]]");
  }
}
