package backfill.testing;

/**
 * Who may do what in applications whose access has levels or nested groups: tables filled at
 * random, and what is to be held then, in SQL on the server.
 */
public enum TestingAccessRules {
  GITLAB(
      "gitlab-authorizations",
      "SELECT user_id, project_id, access_level FROM %sproject_authorizations WHERE is_unique",
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
      SELECT user_id, project_id, max(access_level) FROM ways WHERE user_id IS NOT NULL GROUP BY 1, 2
      """,
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
      """),

  GITEA(
      "gitea-access",
      "SELECT repo_id, user_id, mode FROM %saccess",
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

      """,
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
      """),

  KEYCLOAK(
      "keycloak",
      "SELECT user_id, role_id FROM %suser_effective_role",
      """
      WITH RECURSIVE within AS (
        SELECT user_id, group_id FROM user_group_membership
        UNION SELECT w.user_id, g.parent_group FROM within w JOIN keycloak_group g ON g.id = w.group_id),
      effective AS (
        SELECT h.user_id, r.id AS role_id FROM keycloak_role r JOIN (
          SELECT user_id, role_id FROM user_role_mapping
          UNION ALL SELECT w.user_id, m.role_id FROM within w JOIN group_role_mapping m USING (group_id)) h ON h.role_id = r.id
        UNION SELECT e.user_id, c.child_role FROM effective e JOIN composite_role c ON c.composite = e.role_id)
      SELECT user_id, role_id FROM effective
      """,
      """
      CREATE FUNCTION k(realm int, kind text, i numeric) RETURNS varchar LANGUAGE sql IMMUTABLE AS
        $$ SELECT md5(realm || kind || i::int)::uuid::varchar $$;
      CREATE FUNCTION any_of(realm int, kind text, most int) RETURNS varchar LANGUAGE sql VOLATILE AS
        $$ SELECT k(realm, kind, 1 + floor(random() * most)::int) $$;
      DO $$ BEGIN
        PERFORM setseed(%s);
        FOR r IN 1..2 LOOP
          INSERT INTO user_entity (id, realm_id, username, enabled)
          SELECT k(r, 'u', i), 'realm' || r, 'u' || i, i %% 7 > 0 FROM generate_series(1, 60) i;
          INSERT INTO keycloak_role (id, name, realm_id, client_realm_constraint)
          SELECT k(r, 'r', i), 'r' || i, 'realm' || r, 'realm' || r FROM generate_series(1, 40) i;
          INSERT INTO keycloak_group (id, name, parent_group, realm_id)
          SELECT k(r, 'g', i), 'g' || i, CASE WHEN i %% 6 > 0 THEN k(r, 'g', floor(random() * (i - 1))::int) ELSE ' ' END,
            'realm' || r FROM generate_series(1, 50) i;
          INSERT INTO composite_role SELECT any_of(r, 'r', 40), any_of(r, 'r', 40) FROM generate_series(1, 35)
          ON CONFLICT DO NOTHING;
          INSERT INTO user_role_mapping SELECT any_of(r, 'r', 44), any_of(r, 'u', 60) FROM generate_series(1, 40)
          ON CONFLICT DO NOTHING;
          INSERT INTO group_role_mapping SELECT any_of(r, 'r', 44), any_of(r, 'g', 50) FROM generate_series(1, 40)
          ON CONFLICT DO NOTHING;
          INSERT INTO user_group_membership SELECT any_of(r, 'g', 55), any_of(r, 'u', 60), 'UNMANAGED'
          FROM generate_series(1, 70) ON CONFLICT DO NOTHING;
        END LOOP;
      END $$
      """);

  private final String tables;
  private final String held;
  private final String expected;
  private final String fill;

  TestingAccessRules(String tables, String held, String expected, String fill) {
    this.tables = tables;
    this.held = held;
    this.expected = expected;
    this.fill = fill;
  }

  /** For {@link TestingUpstreamTables}. */
  String tables() {
    return tables;
  }

  /** Statements that fill the tables. */
  public String fill(long seed) {
    return fill.formatted((seed % 1000) / 1000.0);
  }

  /** A query of what the target is to hold: the keys, and the level where there is one. */
  public String expected() {
    return expected.strip();
  }

  /**
   * A query of what the target holds.
   *
   * @param before what stands before the name of the target's table
   */
  public String held(String before) {
    return held.formatted(before);
  }
}
