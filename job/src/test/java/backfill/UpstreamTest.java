package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingUpstreamTables;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** The tables that plans are tested on do what upstream's do where a backfill would notice. */
class UpstreamTest {
  @Test
  void leavingAnOrganizationLeavesItsGroupsAlone() throws SQLException {
    try (TestingDatabase database = loaded("coder-prebuilds")) {
      database.execute(
          """
          INSERT INTO users (id, email) VALUES (md5('u')::uuid, 'u@example.com');
          INSERT INTO organizations (id, name, description, created_at, updated_at, display_name)
          SELECT md5(o)::uuid, o, '', now(), now(), o FROM unnest(ARRAY['left', 'kept']) o;
          INSERT INTO organization_members (user_id, organization_id, created_at, updated_at)
          SELECT md5('u')::uuid, id, now(), now() FROM organizations;
          INSERT INTO groups (id, name, organization_id) SELECT id, 'g', id FROM organizations;
          INSERT INTO group_members SELECT md5('u')::uuid, id FROM groups;
          DELETE FROM organization_members WHERE organization_id = md5('left')::uuid;
          """);

      assertThat(
              database.rows(
                  "SELECT name FROM group_members m JOIN organizations o ON o.id = m.group_id"))
          .hasToString("[[kept]]");
    }
  }

  @Test
  void keyTakesItsTokensAlong() throws SQLException {
    try (TestingDatabase database = loaded("coder-api-keys")) {
      database.execute(
          """
          INSERT INTO users (id, email) VALUES (md5('u')::uuid, 'u@example.com');
          INSERT INTO oauth2_provider_apps VALUES (md5('app')::uuid, 'app');
          INSERT INTO oauth2_provider_app_secrets VALUES (md5('secret')::uuid, md5('app')::uuid);
          INSERT INTO api_keys (id, hashed_secret, user_id, last_used, expires_at, created_at, updated_at, login_type)
          SELECT k, '', md5('u')::uuid, now(), now(), now(), now(), 'password'
          FROM unnest(ARRAY['gone', 'kept', 'by its token']) k;
          INSERT INTO oauth2_provider_app_tokens
            (id, created_at, expires_at, hash_prefix, refresh_hash, app_secret_id, api_key_id, user_id)
          SELECT md5(id)::uuid, now(), now(), id::bytea, '', md5('secret')::uuid, id, user_id FROM api_keys;
          DELETE FROM api_keys WHERE id = 'gone';
          DELETE FROM oauth2_provider_app_tokens WHERE api_key_id = 'by its token';
          """);

      assertThat(database.rows("SELECT id FROM api_keys")).hasToString("[[kept]]");
      assertThat(database.rows("SELECT api_key_id FROM oauth2_provider_app_tokens"))
          .hasToString("[[kept]]");
    }
  }

  @Test
  void keyOfADeletedUserIsRefused() throws SQLException {
    try (TestingDatabase database = loaded("coder-api-keys")) {
      database.execute(
          "INSERT INTO users (id, email, deleted) VALUES (md5('u')::uuid, 'u@example.com', true)");

      assertThatThrownBy(
              () ->
                  database.execute(
                      """
                      INSERT INTO api_keys
                        (id, hashed_secret, user_id, last_used, expires_at, created_at, updated_at, login_type)
                      VALUES ('k', '', md5('u')::uuid, now(), now(), now(), now(), 'password')
                      """))
          .hasMessageContaining("Cannot create API key for deleted user");
    }
  }

  @Test
  void seatsWithoutANamespaceMayRepeat() throws SQLException {
    try (TestingDatabase database = loaded("gitlab-seats")) {
      String seat =
          """
          INSERT INTO subscription_seat_assignments
            (namespace_id, user_id, created_at, updated_at, organization_id)
          VALUES (%s, 1, now(), now(), 1)
          """;
      database.execute(
          "INSERT INTO organizations VALUES (1)",
          "INSERT INTO users (id) VALUES (1)",
          "INSERT INTO namespaces (id, type, traversal_ids, organization_id) VALUES (7, 'Group', '{7}', 1)",
          seat.formatted("NULL"),
          seat.formatted("NULL"),
          seat.formatted("7"));

      assertThatThrownBy(() -> database.execute(seat.formatted("7")))
          .hasMessageContaining("uniq_idx_subscription_seat_assignments_on_namespace_id_and_user");
    }
  }

  @Test
  void buildInfoTakesItsPackagesProject() throws SQLException {
    try (TestingDatabase database = loaded("gitlab-packages")) {
      database.execute(
          """
          INSERT INTO packages_packages (id, project_id, created_at, updated_at, name, package_type)
          VALUES (1, 77, now(), now(), 'p', 2);
          INSERT INTO packages_build_infos (package_id, pipeline_id) VALUES (1, NULL);
          """);

      assertThat(database.count("SELECT project_id FROM packages_build_infos")).isEqualTo(77);
    }
  }

  @Test
  void pipelinesKeepTheIdsThatTheyAreGiven() throws SQLException {
    try (TestingDatabase database = loaded("gitlab-ci")) {
      database.execute(
          "INSERT INTO p_ci_pipelines (id, partition_id, project_id) VALUES (10, 100, 1), (11, 101, 1)");

      assertThat(
              database.rows("SELECT id, tableoid::regclass::text FROM p_ci_pipelines ORDER BY id"))
          .hasToString("[[10, ci_pipelines], [11, ci_pipelines_101]]");
    }
  }

  private static TestingDatabase loaded(String name) throws SQLException {
    TestingDatabase database = TestingPostgres.shared().createDatabase();
    TestingUpstreamTables.load(database, name);
    return database;
  }
}
