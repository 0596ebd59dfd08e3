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

/** The modes that the shipped plan gives in Gitea's repositories are those of plain SQL. */
class GiteaAccessTest {
  private static final String EXPECTED =
      """
      WITH ways AS (
        SELECT repo_id, user_id, mode FROM collaboration WHERE user_id <> -1
        UNION ALL
        SELECT r.id, m.uid, CASE WHEN t.name = 'Owners' THEN 4 ELSE coalesce(t.authorize, 0) END
        FROM repository r JOIN "user" o ON o.id = r.owner_id AND o.type = 1
        JOIN team t ON t.org_id = o.id JOIN team_user m ON m.team_id = t.id
        WHERE t.name = 'Owners'
          OR EXISTS (SELECT FROM team_repo x WHERE x.org_id = t.org_id AND x.team_id = t.id AND x.repo_id = r.id))
      SELECT w.repo_id, w.user_id, max(w.mode)
      FROM ways w JOIN "user" u ON u.id = w.user_id JOIN repository r ON r.id = w.repo_id JOIN "user" o ON o.id = r.owner_id
      GROUP BY w.repo_id, w.user_id, u.is_restricted, r.is_private, o.type
      HAVING u.is_restricted
        OR max(w.mode) >= CASE WHEN r.is_private IS NOT TRUE AND o.type IS DISTINCT FROM 1 THEN 2 ELSE 1 END
      ORDER BY 1, 2""";

  private static final String PRESENT = "SELECT repo_id, user_id, mode FROM access ORDER BY 1, 2";

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
    there.database.execute(
        """
        SELECT setseed(%s);
        CREATE FUNCTION any_of(most int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT 1 + floor(random() * most)::int $$;
        INSERT INTO "user" (id, lower_name, name, type, is_restricted)
        SELECT i, 'u' || i, 'U' || i, CASE WHEN i <= 4 THEN 1 WHEN i < 20 THEN 0 END, i > 4 AND i %% 4 = 0
        FROM generate_series(1, 24) i;
        INSERT INTO repository (id, owner_id, lower_name, name, is_private)
        SELECT i, CASE WHEN i < 58 THEN any_of(12) ELSE 99 END, 'r' || i, 'R' || i, CASE WHEN i %% 3 > 0 THEN i %% 3 = 1 END
        FROM generate_series(1, 60) i;
        INSERT INTO team (id, org_id, lower_name, name, authorize)
        SELECT i, 1 + i %% 5, 't' || i, CASE WHEN i <= 4 THEN 'Owners' WHEN i < 20 THEN 't' || i END,
               CASE WHEN i %% 9 > 0 THEN any_of(4) - 1 END FROM generate_series(1, 24) i;
        INSERT INTO team_user (org_id, team_id, uid) SELECT 1, any_of(26), 4 + any_of(22) FROM generate_series(1, 60)
        ON CONFLICT DO NOTHING;
        INSERT INTO team_repo (org_id, team_id, repo_id)
        SELECT CASE WHEN i %% 11 > 0 THEN r.owner_id ELSE 77 END, t.id, r.id
        FROM generate_series(1, 300) i JOIN team t ON t.id = 1 + i %% 24 JOIN repository r ON r.id = 1 + i * 7 %% 60
        ON CONFLICT DO NOTHING;
        INSERT INTO team_unit (org_id, team_id, type, access_mode)
        SELECT t.org_id, t.id, u, greatest(t.authorize, 2) FROM team t, generate_series(1, 3) u WHERE t.authorize > 0;
        INSERT INTO collaboration (repo_id, user_id, mode) SELECT any_of(63), 4 + any_of(22), any_of(4) - 1
        FROM generate_series(1, 120) ON CONFLICT DO NOTHING;
        INSERT INTO collaboration (repo_id, user_id) VALUES (1, -1);
        INSERT INTO access (user_id, repo_id, mode) SELECT 4 + any_of(20), any_of(60), any_of(4)
        FROM generate_series(1, 60) ON CONFLICT DO NOTHING
        """
            .formatted((seed % 1000) / 1000.0));

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
