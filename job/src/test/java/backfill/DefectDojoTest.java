package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingAccess;
import backfill.testing.TestingAccessCases;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDefectDojo;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRandomGrants;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DefectDojoTest {
  private static TestingDatabase database;
  private static Connection connection;

  private TestingDefectDojo dojo;

  @BeforeAll
  static void start() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    connection = database.connection();
  }

  @AfterAll
  static void stop() throws SQLException {
    connection.close();
    database.close();
  }

  @BeforeEach
  void emptyDefectDojo() throws SQLException {
    execute("DROP SCHEMA public CASCADE");
    execute("CREATE SCHEMA public");
    dojo = TestingDefectDojo.create(connection);
  }

  @ParameterizedTest
  @MethodSource("backfill.testing.TestingAccessCases#all")
  void oracleSays(TestingAccessCases.Case one) throws SQLException {
    one.fill().into(dojo);

    assertThat(TestingAccess.expected(connection)).isEqualTo(one.expected());
  }

  @Test
  void pairThatNothingBacksIsTheSurplus() throws SQLException {
    dojo.authorizedUser("p3", "u12")
        .authorizedUser("p3", "u1")
        .authorizedTypeUser("pt3", "u12")
        .productMember("p3", "u1", "Reader");

    assertThat(TestingAccess.present(connection).without(TestingAccess.justified(connection)))
        .isEqualTo(TestingAccessCases.access("p3 u12", "pt3 u12", ""));
  }

  @Test
  void expectationTellsAMissingPairFromASurplusOne() throws SQLException {
    dojo.productMember("p1", "u1", "Reader").product("p1").user("u2");
    TestingAccess expected = TestingAccess.expected(connection);

    assertThat(TestingAccess.present(connection)).isNotEqualTo(expected);
    dojo.authorizedUser("p1", "u1");
    assertThat(TestingAccess.present(connection)).isEqualTo(expected);
    assertThat(TestingAccess.expected(connection)).isEqualTo(expected);
    dojo.authorizedUser("p1", "u2");
    assertThat(TestingAccess.present(connection)).isNotEqualTo(expected);
  }

  @Test
  void pairTwiceInATargetIsNoticed() throws SQLException {
    execute(
        "ALTER TABLE dojo_product_authorized_users DROP CONSTRAINT"
            + " \"dojo_product_authorized__product_id_dojo_user_id_a632ee18_uniq\"");
    dojo.authorizedUser("p1", "u1").authorizedUser("p1", "u1");

    assertThatThrownBy(() -> TestingAccess.present(connection))
        .hasMessage("\"p1 u1\" is there twice");
  }

  @Test
  void nameThatNobodyHasIsRefused() {
    assertThatThrownBy(() -> dojo.productMember("p1", "u1", "Redaer"))
        .hasMessageContaining("expected to write 1 row for p1, u1, Redaer, wrote 0");
    assertThatThrownBy(() -> dojo.globalRoleUser("u1", "Redaer"))
        .hasMessageContaining("expected to write 1 row for Redaer, u1, Redaer, wrote 0");
  }

  @Test
  void userHistoryHasOneEventForEachChangeAndNoneForAnUntouchedFlag() throws Exception {
    dojo.user("u1").user("u2").superuser("u3").withUserHistory();

    execute("UPDATE auth_user SET is_superuser = true, is_staff = true WHERE username = 'u1'");
    execute("UPDATE auth_user SET is_superuser = true WHERE username IN ('u2', 'u3')");
    execute("UPDATE auth_user SET last_login = now()");

    assertThat(
            texts("SELECT pgh_label || ' ' || username FROM dojo_dojo_userevent ORDER BY pgh_id"))
        .containsExactly("update u1", "update u2");
  }

  @Test
  void targetsHaveDefectDojosOwnConstraintsAndIndexes() throws SQLException {
    assertThat(
            texts(
                """
                SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
                WHERE conrelid::regclass::text ~ 'authorized_users$' AND contype IN ('u', 'f') ORDER BY conname COLLATE "C"
                """))
        .containsExactly(
            "dojo_product_authori_dojo_user_id_ad8f0d99_fk_auth_user FOREIGN KEY (dojo_user_id) REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED",
            "dojo_product_authori_product_id_ffcb106e_fk_dojo_prod FOREIGN KEY (product_id) REFERENCES dojo_product(id) DEFERRABLE INITIALLY DEFERRED",
            "dojo_product_authorized__product_id_dojo_user_id_a632ee18_uniq UNIQUE (product_id, dojo_user_id)",
            "dojo_product_type_au_dojo_user_id_7a41401b_fk_auth_user FOREIGN KEY (dojo_user_id) REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED",
            "dojo_product_type_au_product_type_id_dba7ff5f_fk_dojo_prod FOREIGN KEY (product_type_id) REFERENCES dojo_product_type(id) DEFERRABLE INITIALLY DEFERRED",
            "dojo_product_type_author_product_type_id_dojo_use_0ab53a6f_uniq UNIQUE (product_type_id, dojo_user_id)");
    assertThat(
            texts(
                """
                SELECT indexname FROM pg_indexes
                WHERE tablename ~ 'authorized_users$' AND indexdef !~ 'UNIQUE' ORDER BY indexname COLLATE "C"
                """))
        .containsExactly(
            "dojo_product_authorized_users_dojo_user_id_ad8f0d99",
            "dojo_product_authorized_users_product_id_ffcb106e",
            "dojo_product_type_authorized_users_dojo_user_id_7a41401b",
            "dojo_product_type_authorized_users_product_type_id_dba7ff5f");
  }

  @Test
  void randomGrantsAreTheSameForTheSameSeed() throws SQLException {
    long seed = TestingRandomGrants.anySeed();
    TestingRandomGrants.fill(connection, seed);
    TestingAccess once = TestingAccess.expected(connection);
    emptyDefectDojo();
    TestingRandomGrants.fill(connection, seed);

    assertThat(TestingAccess.expected(connection)).isEqualTo(once);
  }

  /** A generator that never makes a case lets the property hold for nothing. */
  @Test
  void fiftySeedsMakeEveryCase() throws SQLException {
    List<String> cases =
        List.of(
            "FROM dojo_product_member GROUP BY product_id, user_id HAVING count(*) > 1",
            "FROM dojo_dojo_group_member GROUP BY group_id, user_id HAVING count(*) > 1",
            "FROM dojo_product_group g WHERE NOT EXISTS"
                + " (SELECT FROM dojo_dojo_group_member m WHERE m.group_id = g.group_id)",
            "FROM dojo_global_role WHERE role_id IS NULL",
            "FROM dojo_global_role WHERE user_id IS NOT NULL AND group_id IS NOT NULL",
            "FROM dojo_product_authorized_users WHERE product_id < 0 AND dojo_user_id < 0",
            "FROM dojo_product_group WHERE product_id > 2147483600 AND group_id < -2147483600",
            "FROM dojo_product_type_authorized_users",
            "FROM auth_user u JOIN dojo_product_member ON user_id = u.id WHERE NOT is_active");
    TreeSet<String> seen = new TreeSet<>();
    for (long seed = 0; seed < 50; seed++) {
      emptyDefectDojo();
      TestingRandomGrants.fill(connection, seed);
      for (String each : cases) {
        if (!texts("SELECT '' " + each).isEmpty()) {
          seen.add(each);
        }
      }
    }

    assertThat(seen).containsExactlyInAnyOrderElementsOf(cases);
  }

  private static void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static List<String> texts(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> texts = new ArrayList<>();
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
      return texts;
    }
  }
}
