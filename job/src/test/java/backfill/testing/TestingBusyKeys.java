package backfill.testing;

import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;

/**
 * Keys of one plan that others write while it runs: how they look at the target and at the source
 * of one, and change them. In each text {@code %1$d} is the key's number and {@code %2$s} the value
 * that it gets.
 */
enum TestingBusyKeys {
  DOJO(
      List.of("there"),
      "SELECT 'there' FROM dojo_product_authorized_users WHERE product_id = (SELECT min(id) FROM dojo_product) AND dojo_user_id = 900000 + %1$d",
      "INSERT INTO dojo_product_authorized_users (product_id, dojo_user_id) SELECT min(id), 900000 + %1$d FROM dojo_product",
      "DELETE FROM dojo_product_authorized_users WHERE dojo_user_id = 900000 + %1$d",
      "SELECT 'there' FROM dojo_product_member WHERE user_id = 900000 + %1$d",
      "INSERT INTO dojo_product_member (product_id, user_id, role_id) SELECT min(p.id), 900000 + %1$d, min(r.id) FROM dojo_product p, dojo_role r",
      "DELETE FROM dojo_product_member WHERE user_id = 900000 + %1$d") {
    @Override
    void prepare(TestingFaultScene scene, int key) throws SQLException {
      scene.database.execute(
          "INSERT INTO auth_user (id, username, is_superuser, is_staff, is_active, password, first_name, last_name,"
              .concat(
                  " email, date_joined) VALUES (900000 + %1$d, 'busy%1$d', false, false, true, '!', '', '', '',")
              .concat(" now())")
              .formatted(key));
    }
  },

  PREBUILDS(
      List.of("there"),
      "SELECT 'there' FROM organization_members WHERE organization_id = md5('busy%1$d')::uuid",
      "INSERT INTO organization_members (organization_id, user_id, created_at, updated_at)"
          + " SELECT md5('busy%1$d')::uuid, id, now(), now() FROM users WHERE is_system",
      "DELETE FROM organization_members WHERE organization_id = md5('busy%1$d')::uuid",
      "SELECT 'there' FROM template_version_presets WHERE desired_instances IS NOT NULL AND template_version_id = md5('busy%1$d')::uuid",
      "UPDATE template_version_presets SET desired_instances = 1 WHERE template_version_id = md5('busy%1$d')::uuid",
      "UPDATE template_version_presets SET desired_instances = NULL WHERE template_version_id = md5('busy%1$d')::uuid") {
    @Override
    void prepare(TestingFaultScene scene, int key) throws SQLException {
      scene.database.execute(
          """
          INSERT INTO organizations (id, name, description, created_at, updated_at, display_name)
          VALUES (md5('busy%1$d')::uuid, 'busy%1$d', '', now(), now(), '');
          INSERT INTO templates (id, organization_id, name, active_version_id)
          VALUES (md5('busy%1$d')::uuid, md5('busy%1$d')::uuid, 't', md5('busy%1$d')::uuid);
          INSERT INTO template_versions (id, template_id, organization_id, name)
          VALUES (md5('busy%1$d')::uuid, md5('busy%1$d')::uuid, md5('busy%1$d')::uuid, 'v');
          INSERT INTO template_version_presets (template_version_id, name) VALUES (md5('busy%1$d')::uuid, 'p')"""
              .formatted(key));
    }
  },

  /** Source and target are one: what has expired goes, unless it is renewed before. */
  API_KEYS(
      List.of("new", "old"),
      "SELECT CASE WHEN expires_at < now() THEN 'old' ELSE 'new' END FROM api_keys WHERE id = 'busy%1$d'",
      "UPDATE api_keys SET expires_at = CASE '%2$s' WHEN 'old' THEN timestamptz '2020-01-01' ELSE now() + interval '1 day' END WHERE id = 'busy%1$d'",
      "DELETE FROM api_keys WHERE id = 'busy%1$d'",
      "SELECT 'there' WHERE false",
      "SELECT",
      "SELECT") {
    @Override
    void prepare(TestingFaultScene scene, int key) throws SQLException {
      scene.database.execute(
          TestingApiKeys.insert("busy" + key, key % 2 == 0 ? "'2020-01-01'" : "'infinity'", "all"));
    }

    @Override
    BinaryOperator<Optional<String>> goal() {
      return (held, planned) -> held.equals(Optional.of("old")) ? Optional.empty() : held;
    }

    /** A key that is gone is not made again: an old INSERT may not fit the table any more. */
    @Override
    boolean inserts() {
      return false;
    }
  },

  SEATS(
      List.of("0", "1", "2"),
      "SELECT seat_type::text FROM subscription_seat_assignments WHERE namespace_id = 10 AND user_id = 900 + %1$d",
      "INSERT INTO subscription_seat_assignments (namespace_id, user_id, created_at, updated_at, organization_id, seat_type)"
          + " VALUES (10, 900 + %1$d, now(), now(), 2, %2$s) ON CONFLICT (namespace_id, user_id) WHERE namespace_id IS NOT NULL"
          + " DO UPDATE SET seat_type = excluded.seat_type",
      "DELETE FROM subscription_seat_assignments WHERE namespace_id = 10 AND user_id = 900 + %1$d",
      "SELECT CASE access_level WHEN 5 THEN '1' WHEN 15 THEN '2' ELSE '0' END FROM members WHERE user_id = 900 + %1$d",
      "DELETE FROM members WHERE user_id = 900 + %1$d; INSERT INTO members (access_level, source_id, source_type, user_id,"
          + " member_namespace_id) VALUES ((ARRAY[30, 5, 15])[1 + %2$s], 10, 'Namespace', 900 + %1$d, 0)",
      "DELETE FROM members WHERE user_id = 900 + %1$d") {
    @Override
    void prepare(TestingFaultScene scene, int key) throws SQLException {
      scene.database.execute(
          "INSERT INTO users (id, state) VALUES (900 + %d, 'active')".formatted(key));
    }

    @Override
    BinaryOperator<Optional<String>> goal() {
      return (held, planned) -> planned.isPresent() ? planned : held;
    }
  },

  PACKAGES(
      List.of("1", "2"),
      "SELECT build_info_count::text FROM package_pipelines WHERE package_id = 900 + %1$d",
      "INSERT INTO package_pipelines (package_id, pipeline_id, build_info_count, ref, sha, status)"
          + " VALUES (900 + %1$d, 900, %2$s, 'r', 's', 'success') ON CONFLICT (package_id, pipeline_id)"
          + " DO UPDATE SET build_info_count = excluded.build_info_count",
      "DELETE FROM package_pipelines WHERE package_id = 900 + %1$d",
      "SELECT nullif(count(*), 0)::text FROM packages_build_infos WHERE package_id = 900 + %1$d",
      "DELETE FROM packages_build_infos WHERE package_id = 900 + %1$d; INSERT INTO packages_build_infos (package_id, pipeline_id)"
          + " SELECT 900 + %1$d, 900 FROM generate_series(1, %2$s)",
      "DELETE FROM packages_build_infos WHERE package_id = 900 + %1$d") {
    @Override
    void prepare(TestingFaultScene scene, int key) throws SQLException {
      scene.database.execute(
          "INSERT INTO packages_packages (id, project_id, created_at, updated_at, name, package_type)"
              .concat(" VALUES (900 + %d, 1, now(), now(), 'p', 1)")
              .formatted(key));
      for (TestingDatabase other : scene.tables.databases()) {
        if (other != scene.database) {
          other.execute(
              "INSERT INTO p_ci_pipelines (id, partition_id, project_id, ref, sha, status)"
                  + " VALUES (900, 100, 1, 'r', 's', 'success') ON CONFLICT DO NOTHING");
        }
      }
    }

    @Override
    BinaryOperator<Optional<String>> goal() {
      return (held, planned) -> planned;
    }
  },

  AUTHORIZATIONS(
      List.of("10", "30"),
      "SELECT access_level::text FROM project_authorizations WHERE is_unique AND user_id = 900 + %1$d",
      "INSERT INTO project_authorizations (user_id, project_id, access_level, is_unique) VALUES (900 + %1$d, 1, %2$s, true)"
          + " ON CONFLICT (project_id, user_id) WHERE is_unique DO UPDATE SET access_level = excluded.access_level",
      "DELETE FROM project_authorizations WHERE user_id = 900 + %1$d",
      "SELECT access_level::text FROM members WHERE user_id = 900 + %1$d",
      "DELETE FROM members WHERE user_id = 900 + %1$d; INSERT INTO members (access_level, source_id, source_type, user_id)"
          + " VALUES (%2$s, 1, 'Project', 900 + %1$d)",
      "DELETE FROM members WHERE user_id = 900 + %1$d") {
    @Override
    void prepare(TestingFaultScene scene, int key) throws SQLException {
      scene.database.execute("INSERT INTO users (id) VALUES (900 + %d)".formatted(key));
    }

    @Override
    BinaryOperator<Optional<String>> goal() {
      return (held, planned) -> planned.isPresent() ? planned : held;
    }
  },

  REPOSITORIES(
      List.of("2", "3"),
      "SELECT mode::text FROM access WHERE user_id = 900 + %1$d",
      "INSERT INTO access (user_id, repo_id, mode) VALUES (900 + %1$d, 1, %2$s)"
          + " ON CONFLICT (user_id, repo_id) DO UPDATE SET mode = excluded.mode",
      "DELETE FROM access WHERE user_id = 900 + %1$d",
      "SELECT mode::text FROM collaboration WHERE user_id = 900 + %1$d",
      "DELETE FROM collaboration WHERE user_id = 900 + %1$d; INSERT INTO collaboration (repo_id, user_id, mode)"
          + " VALUES (1, 900 + %1$d, %2$s)",
      "DELETE FROM collaboration WHERE user_id = 900 + %1$d") {
    @Override
    void prepare(TestingFaultScene scene, int key) throws SQLException {
      scene.database.execute(
          "INSERT INTO \"user\" (id, lower_name, name, type) VALUES (900 + %1$d, 'busy%1$d', 'busy%1$d', 0)"
              .formatted(key));
    }

    @Override
    BinaryOperator<Optional<String>> goal() {
      return (held, planned) -> planned.isPresent() ? planned : held;
    }
  },

  ROLES(
      List.of("there"),
      "SELECT 'there' FROM user_effective_role WHERE user_id = 'busy%1$d'",
      "INSERT INTO user_effective_role (user_id, role_id) VALUES ('busy%1$d', 'busy%1$d') ON CONFLICT DO NOTHING",
      "DELETE FROM user_effective_role WHERE user_id = 'busy%1$d'",
      "SELECT 'there' FROM user_role_mapping WHERE user_id = 'busy%1$d'",
      "INSERT INTO user_role_mapping (role_id, user_id) VALUES ('busy%1$d', 'busy%1$d') ON CONFLICT DO NOTHING",
      "DELETE FROM user_role_mapping WHERE user_id = 'busy%1$d'") {
    @Override
    void prepare(TestingFaultScene scene, int key) throws SQLException {
      scene.database.execute(
          """
          INSERT INTO user_entity (id, realm_id, username) VALUES ('busy%1$d', 'realm1', 'busy%1$d');
          INSERT INTO keycloak_role (id, name, realm_id) VALUES ('busy%1$d', 'busy%1$d', 'realm1')"""
              .formatted(key));
    }

    /** What no role justifies is taken away. */
    @Override
    BinaryOperator<Optional<String>> goal() {
      return (held, planned) -> planned;
    }
  };

  /** How one of the two is looked at and changed. */
  record Side(String get, String put, String delete) {}

  final List<String> values;
  final Side target;
  final Side source;

  TestingBusyKeys(
      List<String> values,
      String get,
      String put,
      String delete,
      String planned,
      String plan,
      String unplan) {
    this.values = values;
    this.target = new Side(get, put, delete);
    this.source = new Side(planned, plan, unplan);
  }

  static TestingBusyKeys of(TestingFaultedPlan plan) {
    return valueOf(plan.name());
  }

  /** Makes what a key needs beside its two rows. */
  abstract void prepare(TestingFaultScene scene, int key) throws SQLException;

  /** What the plan makes of what the target holds and what the source gives. */
  BinaryOperator<Optional<String>> goal() {
    return (held, planned) -> held.isPresent() ? held : planned;
  }

  boolean inserts() {
    return true;
  }
}
