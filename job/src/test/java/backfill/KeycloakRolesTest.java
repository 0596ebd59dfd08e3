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

/**
 * The roles that the shipped plan gives Keycloak's users are those that a recursive query gives.
 */
class KeycloakRolesTest {
  private static final String PRESENT = TestingAccessRules.KEYCLOAK.held("") + " ORDER BY 1, 2";
  private static final String EXPECTED = TestingAccessRules.KEYCLOAK.expected() + " ORDER BY 1, 2";

  private TestingUpstream there;

  @BeforeEach
  void create() throws SQLException {
    there = TestingUpstream.create("keycloak", "keycloak-effective-roles");
  }

  @AfterEach
  void drop() throws SQLException {
    there.close();
  }

  private TestingRun ran(String command, String... options) {
    TestingRun run = there.run(command, options);
    assertThat(run.code()).as(run.said()).isZero();
    return run;
  }

  /** Two realms, each with a forest of groups and with composite roles that make circles. */
  @Test
  void atRandomAreThoseOfARecursiveQuery() throws Exception {
    long seed = TestingRandomGrants.anySeed();
    there.database.execute(TestingAccessRules.KEYCLOAK.fill(seed));

    TestingRun dry = ran("plan");
    TestingRun run = ran("run");

    List<Long> inserted = run.counts("effective-roles", "inserted");
    assertThat(inserted.get(0)).as("seed " + seed).isPositive();
    assertThat(dry.counts("effective-roles", "toInsert")).isEqualTo(inserted);
    assertSame(seed);
    List<List<Object>> trace = there.trace();
    ran("run");
    assertThat(there.trace()).as("seed " + seed).isEqualTo(trace);

    there.database.execute(
        "DELETE FROM user_group_membership WHERE user_id < '3'",
        "DELETE FROM composite_role WHERE composite < '5'",
        "UPDATE keycloak_group SET parent_group = ' ', name = id WHERE id > 'c'");
    ran("run", "--set", "limits.surplus-percent=none");
    assertSame(seed);
  }

  private void assertSame(long seed) throws SQLException {
    assertThat(there.database.rows(PRESENT))
        .as("seed " + seed)
        .isEqualTo(there.database.rows(EXPECTED));
  }

  /** As the guide has it: Sales above North America, and developer made of employee. */
  @Test
  void memberOfTheChildHasTheParentsRolesAndNotTheOtherWayRound() throws Exception {
    there.database.execute(
        """
        INSERT INTO user_entity (id, realm_id, username) SELECT u, 'a', u FROM unnest('{jim,boss,dev}'::text[]) u;
        INSERT INTO keycloak_role (id, name, realm_id)
        SELECT r, r, 'a' FROM unnest('{sell,ship,developer,employee,person}'::text[]) r;
        INSERT INTO keycloak_group (id, name, parent_group, realm_id)
        VALUES ('sales', 'Sales', ' ', 'a'), ('america', 'North America', 'sales', 'a');
        INSERT INTO group_role_mapping VALUES ('sell', 'sales'), ('ship', 'america'), ('gone', 'sales');
        INSERT INTO user_group_membership VALUES ('america', 'jim', 'UNMANAGED'), ('sales', 'boss', 'UNMANAGED');
        INSERT INTO composite_role VALUES ('developer', 'employee'), ('employee', 'person'), ('person', 'developer');
        INSERT INTO user_role_mapping VALUES ('developer', 'dev'), ('went', 'dev');
        """);

    ran("run");

    assertThat(there.database.rows(PRESENT))
        .hasToString(
            "[[boss, sell], [dev, developer], [dev, employee], [dev, person], [jim, sell], [jim, ship]]");

    there.database.execute(
        "INSERT INTO keycloak_role (id, name, realm_id) VALUES ('admin', 'admin', 'b')",
        "INSERT INTO composite_role VALUES ('person', 'admin')");
    TestingRun refused = there.run("run");
    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.message())
        .isEqualTo(
            "never role-of-another-realm gives 1 row, and must give none: (user_id, role_id) = (dev, admin)."
                + " Nothing was written");
  }
}
