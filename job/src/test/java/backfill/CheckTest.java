package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingDefectDojo;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code check} says before and beside its verdict. */
class CheckTest {
  private static final String PLAN = "defectdojo-authorized-users";

  private TestingDatabase database;

  @BeforeEach
  void defectDojo() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    try (Connection connection = database.connection()) {
      TestingDefectDojo.create(connection);
    }
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private String where() throws SQLException {
    return "preflight: database %s at %s, PostgreSQL %s, primary, as %s"
        .formatted(
            database.name(),
            database.url().replaceAll("^jdbc:postgresql://|[?].*", ""),
            database.rows("SHOW server_version").get(0).get(0),
            database.user());
  }

  @Test
  void whereItIsComesFirstAndThenHowEachStepWrites() throws SQLException {
    TestingRun check = TestingRun.bare(database.environment(), "check", PLAN);

    assertThat(check.code()).isZero();
    assertThat(check.printed()).isEmpty();
    assertThat(check.logged())
        .startsWith(
            where(),
            "preflight: undo could not take back step user-flags (what the rows held that it sets is kept with"
                + " undo = on only)",
            "write product-users: COPY, arbiter"
                + " dojo_product_authorized__product_id_dojo_user_id_a632ee18_uniq",
            "write product-type-users: COPY, arbiter"
                + " dojo_product_type_author_product_type_id_dojo_use_0ab53a6f_uniq",
            "write user-flags: unnest arrays, compare and set by auth_user_pkey");
  }

  @Test
  void whereItIsIsSaidThoughNothingIsReady() throws SQLException {
    database.execute("DROP TABLE dojo_product_authorized_users");

    TestingRun check = TestingRun.bare(database.environment(), "check", PLAN);

    assertThat(check.code()).isEqualTo(3);
    assertThat(check.logged()).first().isEqualTo(where());
    assertThat(check.logged()).contains("preflight: not ready, nothing was written:");
    assertThat(check.logged()).noneMatch(line -> line.startsWith("write "));
  }

  @Test
  void aStepOfTheSelectionIsTheOnlyOneThatWrites() {
    TestingRun check =
        TestingRun.bare(database.environment(), "check", PLAN, "--only", "user-flags");

    assertThat(check.logged().stream().filter(line -> line.startsWith("write ")))
        .containsExactly("write user-flags: unnest arrays, compare and set by auth_user_pkey");
  }

  @Test
  void aPlanThatDoesNotApplyPrintsNoSqlAndNoGrants() throws SQLException {
    database.execute("DROP TABLE dojo_role CASCADE");

    TestingRun check = TestingRun.bare(database.environment(), "check", PLAN, "--sql", "--grants");

    assertThat(check.code()).isZero();
    assertThat(check.printed()).isEmpty();
    assertThat(check.logged())
        .contains(
            "preflight: only-if is false: the plan does not apply here, nothing to do",
            "step product-users: skipped, only-if is false");
  }
}
