package backfill.run;

import static backfill.testing.TestingGuardedDojo.limit;
import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingGuardedDojo;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Limits on the shipped plan. Of five pairs that are to be added to products, three are u3's; p1
 * will have four users. The target has three rows, one of which nobody justifies.
 */
class GuardsTest {
  private static final String PLAN = "defectdojo-authorized-users";
  private static final String ONLY = "--only=product-users";
  private static final String PRODUCTS = "dojo_product_authorized_users";
  private static final String[] TARGETS = {
    PRODUCTS, "dojo_product_type_authorized_users", "auth_user"
  };
  private static final String ADVICE =
      ". Nothing was written. If a dry run (plan) shows that this is right, raise the limit";

  @TempDir private Path directory;
  private TestingGuardedDojo there;

  @BeforeEach
  void fill() throws SQLException {
    there = new TestingGuardedDojo();
    there
        .dojo
        .productMember("p1", "u1", "Reader")
        .productMember("p1", "u2", "Reader")
        .productGroup("p1", "g1")
        .productGroup("p2", "g1")
        .productMember("p3", "u3", "Reader")
        .group("g1", "u3", "u4")
        .authorizedUser("p1", "u1")
        .authorizedUser("p1", "u2")
        .authorizedUser("p9", "u9")
        .typeMember("t1", "u1", "Reader")
        .globalRoleUser("u1", "Owner");
  }

  @AfterEach
  void drop() throws SQLException {
    there.close();
  }

  private long id(String table, String column, String name) throws SQLException {
    return there.database.count(
        "SELECT id FROM " + table + " WHERE " + column + " = '" + name + "'");
  }

  private String user(String name) throws SQLException {
    return "user " + id("auth_user", "username", name);
  }

  private String product(String name) throws SQLException {
    return "object " + id("dojo_product", "name", name);
  }

  /** Five rows beside three are 166.67 percent. */
  @Test
  void atItsLimitsARunWrites() throws SQLException {
    TestingRun run =
        there.command(
            "run",
            PLAN,
            ONLY,
            limit("rows-inserted=5"),
            limit("growth-percent=167"),
            limit("pairs-for-one-user=3"),
            limit("users-of-one-object=4"),
            limit("rows-deleted=0"));

    assertThat(run.code()).as(run.message()).isZero();
    assertThat(there.database.count("SELECT count(*) FROM " + PRODUCTS)).isEqualTo(8);
    // Counted and written by one reading, and verified by another.
    assertThat(run.report().path("databases").path("main").path("snapshots")).hasSize(2);
  }

  @Test
  void beyondItsLimitsARunWritesNothing() throws SQLException {
    List<List<Object>> before = there.trace(TARGETS);

    TestingRun run =
        there.command(
            "run",
            PLAN,
            limit("rows-inserted=4"),
            limit("growth-percent=166"),
            limit("pairs-for-one-user=2"),
            limit("users-of-one-object=3"),
            limit("rows-deleted=0"));

    assertThat(run.code()).isEqualTo(5);
    assertThat(run.status()).isEqualTo("refused");
    assertThat(run.line().toString())
        .contains("\"status\":\"refused\"", "\"exitCode\":5", "\"retryable\":false");
    assertThat(run.message())
        .isEqualTo(
            "step product-users would insert 5 rows, and limits.rows-inserted is 4;"
                + " step product-users would let dojo_product_authorized_users grow by 166.7"
                + " percent (5 rows beside 3), and limits.growth-percent is 166;"
                + " step product-users plans 3 pairs for "
                + user("u3")
                + ", and limits.pairs-for-one-user is 2;"
                + " step product-users plans 4 users for "
                + product("p1")
                + ", and limits.users-of-one-object is 3"
                + ADVICE);
    assertThat(run.report().path("error").path("stage").asText()).isEqualTo("diff");
    assertThat(run.report().path("error").path("step").asText()).isEqualTo("product-users");
    assertThat(run.step("product-users").path("status").asText()).isEqualTo("refused");
    assertThat(run.step("product-users").path("toInsert").asLong()).isEqualTo(5);
    assertThat(run.step("product-users").path("inserted").isNull()).isTrue();
    assertThat(run.step("user-flags").path("status").asText()).isEqualTo("pending");
    assertThat(there.trace(TARGETS)).isEqualTo(before);
    assertThat(there.database.rows("SELECT status FROM backfill.run"))
        .containsExactly(List.of("refused"));
  }

  @Test
  void everyStepThatIsRefusedIsNamed() {
    TestingRun run =
        there.command("run", PLAN, "--until=product-type-users", limit("rows-inserted=0"));

    assertThat(run.message())
        .isEqualTo(
            "step product-users would insert 5 rows, and limits.rows-inserted is 0;"
                + " step product-type-users would insert 1 row, and limits.rows-inserted is 0"
                + ADVICE);
    assertThat(run.step("product-users").path("status").asText()).isEqualTo("refused");
    assertThat(run.step("product-type-users").path("status").asText()).isEqualTo("refused");
  }

  @Test
  void aStepThatAddsNoRowsIsWithinEveryLimit() {
    TestingRun run =
        there.command(
            "run",
            PLAN,
            "--only=user-flags",
            limit("rows-inserted=0"),
            limit("growth-percent=0"),
            limit("pairs-for-one-user=0"),
            limit("users-of-one-object=0"));

    assertThat(run.code()).as(run.message()).isZero();
    assertThat(run.step("user-flags").path("updated").asLong()).isEqualTo(1);
  }

  /** A percent sign in a table's name is no format's. */
  @Test
  void aRefusedDeletionNamesATableWithAPercentSign() throws Exception {
    there.database.execute(
        "CREATE TABLE \"50% off\" (o int, u int, PRIMARY KEY (o, u))",
        "CREATE TABLE note (o int, u int, n int, PRIMARY KEY (o, u, n), FOREIGN KEY (o, u) REFERENCES \"50% off\" ON DELETE CASCADE)",
        "INSERT INTO \"50% off\" VALUES (7, 7)",
        "INSERT INTO note VALUES (7, 7, 1), (7, 7, 2)");
    Path plan = directory.resolve("percent.conf");
    Files.writeString(
        plan,
        """
        name = percent, allow-delete = true
        sources.member = dojo_product_member
        steps = [
          { name = one, kind = pairs, surplus = delete
            direct = [{ from = member, object = product_id, user = user_id }]
            into = { table = "\\"50% off\\"", object = o, user = u } }
        ]
        """);

    String[] nothing = {limit("rows-deleted=0"), limit("surplus-percent=100")};
    TestingRun run = there.command("run", plan.toString(), nothing);
    TestingRun growth =
        there.command(
            "plan", plan.toString(), limit("growth-percent=1"), limit("surplus-percent=1"));

    assertThat(run.message())
        .isEqualTo(
            "step one would delete 3 rows (1 of \"50% off\", and 2 along with them), and limits.rows-deleted is 0"
                + ADVICE);
    assertThat(run.code()).isEqualTo(5);
    assertThat(growth.warnings())
        .containsExactly(
            "a run would be refused: step one would let \"50% off\" grow by 300.0 percent (3 rows beside 1), and"
                + " limits.growth-percent is 1",
            "a run would be refused: step one would delete 1 of 1 row of \"50% off\" (100.0 percent), which nothing"
                + " justifies any more, and limits.surplus-percent is 1");
  }

  /** p1 has more users and u3 more pairs than the limits allow, but neither gains any. */
  @Test
  void whoGainsNothingIsNeverRefused() throws SQLException {
    there.command("run", PLAN, ONLY);
    there.dojo.productMember("p2", "u1", "Reader");

    String[] limited = {ONLY, limit("pairs-for-one-user=2"), limit("users-of-one-object=3")};
    TestingRun run = there.command("run", PLAN, limited);

    assertThat(run.code()).as(run.message()).isZero();
    assertThat(run.step("product-users").path("inserted").asLong()).isEqualTo(1);

    there.dojo.productMember("p2", "u2", "Reader");
    assertThat(there.command("run", PLAN, limited).message())
        .startsWith("step product-users plans 4 users for " + product("p2"));
  }

  @Test
  void anEmptyTargetGrowsByNoPercentage() throws SQLException {
    there.database.execute("DELETE FROM " + PRODUCTS);

    TestingRun dry = there.command("plan", PLAN, ONLY, limit("growth-percent=0"));

    assertThat(dry.warnings()).isEmpty();
    assertThat(dry.step("product-users").path("toInsert").asLong()).isEqualTo(7);
  }

  @Test
  void aDryRunWarnsAndEndsWell() throws SQLException {
    TestingRun dry =
        there.command(
            "plan",
            PLAN,
            ONLY,
            limit("rows-inserted=1"),
            limit("growth-percent=170"),
            limit("pairs-for-one-user=2"));

    assertThat(dry.code()).isZero();
    assertThat(dry.status()).isEqualTo("dry-run");
    assertThat(dry.warnings())
        .containsExactly(
            "a run would be refused: step product-users would insert 5 rows,"
                + " and limits.rows-inserted is 1",
            "a run would be refused: step product-users plans 3 pairs for "
                + user("u3")
                + ", and limits.pairs-for-one-user is 2");
  }

  @Test
  void verifyAsksNoGuard() {
    assertThat(there.command("verify", PLAN, ONLY, limit("rows-inserted=0")).code()).isEqualTo(7);
  }
}
