package backfill.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.TestingPreflight;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestingPreflight.Dropped.class)
class RightsTest {
  private final TestingPreflight world = TestingPreflight.pairs();
  private final String role = world.role();

  @Test
  void aRoleWithoutRightsIsToldEveryGrantAndWithExactlyTheseIsReady() throws SQLException {
    String to = " TO \"" + role + "\"";
    assertThat(world.reasons(world.as(role)))
        .containsExactly(
            "source direct: no right to SELECT on direct; GRANT SELECT (\"object_id\", \"user_id\")"
                + " ON \"public\".\"direct\""
                + to,
            "source through: no right to SELECT on through; GRANT SELECT (\"object_id\", \"group_id\")"
                + " ON \"public\".\"through\""
                + to,
            "source members: no right to SELECT on members; GRANT SELECT (\"group_id\", \"user_id\")"
                + " ON \"public\".\"members\""
                + to,
            "step fill: no right to SELECT on access; GRANT SELECT (\"object_id\", \"user_id\")"
                + " ON \"public\".\"access\""
                + to,
            "step fill: no right to INSERT on access; GRANT INSERT (\"object_id\", \"user_id\")"
                + " ON \"public\".\"access\""
                + to);
    grantAll();
    PreflightResult ready = world.ready(world.as(role));
    assertThat(ready.server().user()).isEqualTo(role);
    try (Connection connection = world.as(role).connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT object_id, user_id FROM direct");
      statement.execute(
          "INSERT INTO access (object_id, user_id) VALUES (1, 1) "
              + ready.targets().get("fill").arbiter().onConflict()
              + " DO NOTHING");
    }
  }

  @Test
  void rightsOnWholeTablesWillDo() {
    world.execute(
        "GRANT SELECT ON direct, through, members, access TO " + role,
        "GRANT INSERT ON access TO " + role);
    assertThat(world.ready(world.as(role)).applies()).isTrue();
  }

  @Test
  void onlyTheColumnsThatLackARightAreNamed() {
    world.execute(
        "GRANT SELECT ON direct, through, members TO " + role,
        "GRANT SELECT (object_id), INSERT (object_id, user_id) ON access TO " + role);
    assertThat(world.reasons(world.as(role)))
        .containsExactly(
            "step fill: no right to SELECT on access; GRANT SELECT (\"user_id\") ON"
                + " \"public\".\"access\" TO \""
                + role
                + "\"");
  }

  @Test
  void aSerialNeedsItsSequenceAndAnIdentityDoesNot() {
    world.execute(
        "ALTER TABLE access DROP COLUMN id",
        "ALTER TABLE access ADD COLUMN id serial",
        "GRANT SELECT ON direct, through, members, access TO " + role,
        "GRANT INSERT ON access TO " + role);
    assertThat(world.reasons(world.as(role)))
        .containsExactly(
            "step fill: no right to take values from sequence access_id_seq; GRANT USAGE ON SEQUENCE"
                + " \"public\".\"access_id_seq\" TO \""
                + role
                + "\"");
    grantAll();
    assertThat(world.ready(world.as(role)).warnings()).isEmpty();
  }

  @Test
  void aSchemaNeedsUsage() {
    world
        .execute(
            "CREATE SCHEMA \"Locked \"\"up\"\"\"",
            "ALTER TABLE direct SET SCHEMA \"Locked \"\"up\"\"\"",
            "GRANT SELECT ON \"Locked \"\"up\"\"\".direct, through, members, access TO " + role,
            "GRANT INSERT ON access TO " + role)
        .source("direct", "\"Locked \"\"up\"\"\".direct");
    assertThat(world.reasons(world.as(role)))
        .containsExactly(
            "source direct: no right to use schema Locked \"up\"; GRANT USAGE ON SCHEMA"
                + " \"Locked \"\"up\"\"\" TO \""
                + role
                + "\"");
    grantAll();
    assertThat(world.ready(world.as(role)).applies()).isTrue();
  }

  @Test
  void aTableInASchemaThatTheSearchPathCannotEnterIsFoundThere() {
    world.execute("CREATE SCHEMA locked", "ALTER TABLE direct SET SCHEMA locked");
    assertThat(world.reasons(world.as(role)))
        .contains(
            "source direct: table direct does not exist in the search path (\"$user\", public); there is"
                + " locked.direct (after GRANT USAGE ON SCHEMA \"locked\" TO \""
                + role
                + "\"): name its schema in the plan");
  }

  @Test
  void columnsOfASourcesConditionAreNeededToo() {
    world.where("direct", "note = 'yes'");
    world.execute("GRANT SELECT (object_id, user_id) ON direct TO " + role);
    assertThat(world.reasons(world.as(role)))
        .contains(
            "source direct: no right to SELECT on direct; GRANT SELECT (\"note\") ON"
                + " \"public\".\"direct\" TO \""
                + role
                + "\"");
  }

  @Test
  void aConditionThatReadsAnotherTableIsAskedWithOurRightsToo() {
    world.where("direct", "user_id NOT IN (SELECT id FROM blocked)");
    world.execute(
        "CREATE TABLE blocked (id int)",
        "GRANT SELECT ON direct, through, members, access TO " + role,
        "GRANT INSERT ON access TO " + role);
    assertThat(world.reasons(world.as(role)))
        .containsExactly(
            "source direct: where cannot be asked: permission denied for table blocked");
    world.execute("GRANT SELECT ON blocked TO " + role);
    assertThat(world.ready(world.as(role)).applies()).isTrue();
  }

  @Test
  void anUpdateNeedsItsValueColumnsAlone() {
    TestingPreflight rows = TestingPreflight.rows();
    String updater = rows.role();
    assertThat(rows.reasons(rows.as(updater)))
        .containsExactly(
            "source direct: no right to SELECT on direct; GRANT SELECT (\"user_id\") ON"
                + " \"public\".\"direct\" TO \""
                + updater
                + "\"",
            "step flags: no right to SELECT on people; GRANT SELECT (\"id\", \"flag\") ON"
                + " \"public\".\"people\" TO \""
                + updater
                + "\"",
            "step flags: no right to UPDATE on people; GRANT UPDATE (\"flag\") ON"
                + " \"public\".\"people\" TO \""
                + updater
                + "\"");
    grantAll(rows, updater);
    assertThat(rows.ready(rows.as(updater)).applies()).isTrue();
  }

  private void grantAll() {
    grantAll(world, role);
  }

  /** Does what the reasons say, and nothing else. */
  private static void grantAll(TestingPreflight world, String role) {
    for (String reason : world.reasons(world.as(role))) {
      world.execute(reason.substring(reason.indexOf("; GRANT") + 2));
    }
  }
}
