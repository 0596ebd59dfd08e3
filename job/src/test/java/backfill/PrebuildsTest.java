package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingHeldRun;
import backfill.testing.TestingRun;
import backfill.testing.TestingUpstream;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The plan {@code coder-prebuilds-membership} on Coder's own tables. */
class PrebuildsTest {
  private static final String SYSTEM = "c42fdf75-3097-471c-8c33-fb52454d81c0";
  private static final String[] TARGETS = {"organization_members", "groups", "group_members"};

  /** What the tables must hold, apart from uuids and times, by the rules alone. */
  static final String EXPECTED =
      """
      SELECT o.name, m.roles::text, m.created_at = m.updated_at, g.display_name, g.avatar_url,
             g.quota_allowance, g.source::text, x.user_id IS NOT NULL
      FROM organizations o
      LEFT JOIN organization_members m ON m.organization_id = o.id AND m.user_id = '%1$s'
      LEFT JOIN groups g ON g.organization_id = o.id AND g.name = 'coderprebuiltworkspaces'
      LEFT JOIN group_members x ON x.group_id = g.id AND x.user_id = '%1$s'
      ORDER BY o.name
      """
          .formatted(SYSTEM);

  private TestingUpstream there;

  @BeforeEach
  void create() throws SQLException {
    there = TestingUpstream.create("coder-prebuilds", "coder-prebuilds-membership");
    there.database.execute(
        "INSERT INTO users (id, email, username, is_system) VALUES ('"
            + SYSTEM
            + "', 'prebuilds@system', 'prebuilds', true)",
        "INSERT INTO users (id, email) VALUES (md5('other')::uuid, 'o@example.com')");
  }

  @AfterEach
  void drop() throws SQLException {
    there.close();
  }

  /** An organization with a template, a version, and presets that want so many instances. */
  private void organization(String name, String... instances) throws SQLException {
    there.database.execute(
        """
        INSERT INTO organizations (id, name, description, created_at, updated_at, display_name)
        VALUES (md5('%1$s')::uuid, '%1$s', '', now(), now(), '%1$s');
        INSERT INTO templates (id, organization_id, name, active_version_id)
        VALUES (md5('%1$s t')::uuid, md5('%1$s')::uuid, 't', md5('%1$s v')::uuid);
        INSERT INTO template_versions (id, template_id, organization_id, name)
        VALUES (md5('%1$s v')::uuid, md5('%1$s t')::uuid, md5('%1$s')::uuid, 'v');
        """
            .formatted(name));
    for (int i = 0; i < instances.length; i++) {
      there.database.execute(
          "INSERT INTO template_version_presets (template_version_id, name, desired_instances)"
              + " VALUES (md5('%s v')::uuid, 'p%d', %s)".formatted(name, i, instances[i]));
    }
  }

  private static List<Object> made(String organization) {
    return List.of(organization, "{}", true, "Prebuilt Workspaces", "", 0, "user", true);
  }

  private static List<Object> untouched(String organization) {
    List<Object> row = new ArrayList<>();
    row.add(organization);
    row.addAll(Collections.nCopies(6, null));
    row.add(false);
    return row;
  }

  @Test
  void eachConfiguredOrganizationGetsOneOfEach() throws Exception {
    organization("a", "1");
    organization("b", "0");
    organization("c", "2", "3");
    there.database.execute(
        """
        INSERT INTO template_versions (id, template_id, organization_id, name)
        VALUES (md5('c2')::uuid, md5('c t')::uuid, md5('c')::uuid, 'v2');
        INSERT INTO template_version_presets (template_version_id, name, desired_instances)
        VALUES (md5('c2')::uuid, 'p', 5)
        """);
    organization("d", "NULL");
    organization("e");
    organization("f gone", "1");
    there.database.execute(
        """
        UPDATE organizations SET deleted = true WHERE name = 'f gone';
        UPDATE templates SET deleted = true WHERE organization_id = md5('f gone')::uuid;
        UPDATE template_versions SET archived = true WHERE organization_id = md5('f gone')::uuid;
        INSERT INTO template_versions (id, template_id, organization_id, name)
        VALUES (md5('loose')::uuid, NULL, md5('e')::uuid, 'loose');
        INSERT INTO template_version_presets (template_version_id, name, desired_instances)
        VALUES (md5('loose')::uuid, 'p', 5)
        """);

    TestingUpstream copy = there.copy();
    List<List<Object>> before = copy.trace();
    TestingRun plan = copy.run("plan");
    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(copy.trace()).isEqualTo(before);
    copy.close();

    TestingRun run = there.run("run");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(there.database.rows(EXPECTED))
        .containsExactly(
            made("a"), made("b"), made("c"), untouched("d"), untouched("e"), made("f gone"));
    for (String step : List.of("organization-members", "groups", "group-members")) {
      assertThat(plan.counts(step, "planned", "toInsert")).isEqualTo(RunTest.numbers(4, 4));
      assertThat(run.counts(step, "planned", "inserted", "alreadyPresent", "missing"))
          .isEqualTo(RunTest.numbers(4, 4, 0, 0));
    }

    List<List<Object>> after = there.trace();
    TestingRun rerun = there.run("run");
    assertThat(rerun.code()).as(rerun.said()).isZero();
    assertThat(there.trace()).isEqualTo(after);
    assertThat(rerun.counts("groups", "inserted", "alreadyPresent"))
        .isEqualTo(RunTest.numbers(0, 4));
    assertThat(there.run("verify").code()).isZero();
  }

  @Test
  void whatIsThereStaysAsItIs() throws Exception {
    organization("a", "1");
    organization("stale", "NULL");
    there.database.execute(
        """
        INSERT INTO organization_members
        SELECT '%1$s', id, '2020-01-01', '2020-01-01', '{admin}' FROM organizations;
        INSERT INTO groups (id, name, organization_id, quota_allowance)
        SELECT md5(name || ' g')::uuid, 'coderprebuiltworkspaces', id, 7 FROM organizations;
        INSERT INTO groups (id, name, organization_id) SELECT md5(name || ' G')::uuid, 'CoderPrebuiltWorkspaces', id
        FROM organizations;
        INSERT INTO organization_members
        SELECT md5('other')::uuid, id, '2020-01-01', '2020-01-01' FROM organizations;
        INSERT INTO group_members SELECT md5('other')::uuid, id FROM groups;
        """
            .formatted(SYSTEM));
    List<List<Object>> before = there.rows(TARGETS);

    TestingRun run = there.run("run");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(there.rows(TARGETS)).containsAll(before).hasSize(before.size() + 1);
    assertThat(
            there.database.rows(
                "SELECT g.name, o.name FROM group_members m JOIN groups g ON g.id = m.group_id"
                    + " JOIN organizations o ON o.id = g.organization_id WHERE m.user_id = '"
                    + SYSTEM
                    + "'"))
        .hasToString("[[coderprebuiltworkspaces, a]]");
  }

  @Test
  void withoutTheSystemUserEachOrganizationIsRejectedOnce() throws Exception {
    organization("a", "1");
    organization("b", "1");
    there.database.execute("DELETE FROM users WHERE id = '" + SYSTEM + "'");

    TestingRun run = there.run("run");

    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(there.rows(TARGETS)).isEmpty();
    assertThat(run.counts("organization-members", "planned", "inserted", "rejected"))
        .isEqualTo(RunTest.numbers(2, 0, 2));
    assertThat(run.counts("groups", "planned", "rejected")).isEqualTo(RunTest.numbers(0, 0));
  }

  @Test
  void anOrganizationThatIsRefusedGetsNoGroupAndTheOthersGoOn() throws Exception {
    organization("a", "1");
    organization("bad", "1");
    organization("c", "1");
    there.database.execute(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'not here'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON organization_members FOR EACH ROW
          WHEN (NEW.organization_id = md5('bad')::uuid) EXECUTE FUNCTION refuse()
        """);

    TestingRun run = there.run("run");

    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(there.database.rows(EXPECTED))
        .containsExactly(made("a"), untouched("bad"), made("c"));
    assertThat(run.step("organization-members").path("rejections").path(0).path("reason").asText())
        .isEqualTo("not here");

    TestingRun plan = there.run("plan");
    assertThat(plan.step("groups").path("toInsert").isNull()).isTrue();
    assertThat(plan.said())
        .contains(
            "step groups: what it would do is not known: trigger refuse on organization_members may change what step"
                + " organization-members would write");
  }

  @Test
  void somebodyWhoIsFasterKeepsHisRow() throws Exception {
    organization("a", "1");
    organization("b", "1");
    for (String meanwhile :
        List.of(
            "INSERT INTO organization_members VALUES ('%s', md5('a')::uuid, '2020-01-01', '2020-01-01', '{x}')",
            "INSERT INTO groups (id, name, organization_id, quota_allowance)"
                + " VALUES (md5('his')::uuid, 'coderprebuiltworkspaces', md5('b')::uuid, 3)")) {
      String table = meanwhile.contains("groups") ? "groups" : "organization_members";
      try (TestingHeldRun held =
          TestingHeldRun.writing(there.database, table, options -> there.run("run", options))) {
        TestingRun run = held.meanwhile(meanwhile.formatted(SYSTEM)).release();
        assertThat(run.code()).as(run.said()).isZero();
      }
      there.database.execute("DELETE FROM group_members");
      if (table.equals("organization_members")) {
        assertThat(there.database.rows("SELECT roles::text FROM organization_members ORDER BY 1"))
            .hasToString("[[{x}], [{}]]");
        there.database.execute("DELETE FROM groups");
      }
    }
    TestingRun last = there.run("run");
    assertThat(last.code()).as(last.said()).isZero();
    assertThat(
            there.database.rows(
                "SELECT o.name, g.quota_allowance, count(m.*) FROM organizations o"
                    + " JOIN groups g ON g.organization_id = o.id LEFT JOIN group_members m ON m.group_id = g.id"
                    + " GROUP BY 1, 2 ORDER BY 1"))
        .hasToString("[[a, 0, 1], [b, 3, 1]]");
  }

  /** However many presets there are, each table is read by the same few statements. */
  @Test
  void aRunSendsAsManyStatementsForManyPresetsAsForFew() throws Exception {
    there.database.execute("CREATE EXTENSION pg_stat_statements");
    organization("a", "1");
    long few = statements();
    there.database.execute(
        """
        INSERT INTO organizations (id, name, description, created_at, updated_at, display_name)
        SELECT md5('o' || i)::uuid, 'o' || i, '', now(), now(), '' FROM generate_series(1, 2000) i;
        INSERT INTO templates (id, organization_id, name, active_version_id)
        SELECT id, id, 't', id FROM organizations WHERE name <> 'a';
        INSERT INTO template_versions (id, template_id, organization_id, name)
        SELECT id, id, id, 'v' FROM organizations WHERE name <> 'a';
        INSERT INTO template_version_presets (template_version_id, name, desired_instances)
        SELECT id, 'p' || i, i FROM template_versions, generate_series(1, 5) i WHERE name = 'v' AND template_id = id
        """);
    long many = statements();

    assertThat(there.database.count("SELECT count(*) FROM group_members")).isEqualTo(2001);
    // Each of the three writes sends the first rows of many by themselves, to see how slow they
    // are; each verify asks first what has changed; each target that grew is analyzed.
    assertThat(many).isBetween(few - 2, few + 4).isLessThanOrEqualTo(48);
  }

  private long statements() throws SQLException {
    there.database.execute("SELECT pg_stat_statements_reset()");
    TestingRun run = there.run("run");
    assertThat(run.code()).as(run.said()).isZero();
    return there.database.count(
        """
        SELECT sum(calls)::bigint FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND query ~ '\\m(templates|template_versions|template_version_presets|organization_members|groups|group_members)\\M'
          AND query !~ 'pg_catalog\\.pg_class'
        """);
  }
}
