package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingAccess;
import backfill.testing.TestingDojo;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code check}, {@code plan} and {@code verify}: they tell the truth, and write nothing. */
class DryRunTest {
  private static TestingDojo there;

  @BeforeAll
  static void fill() throws Exception {
    there = TestingDojo.create();
    TestingRandomGrants.fill(there.connection, TestingRandomGrants.anySeed());
    there.dojo.productMember("p1", "u1", "Reader").productGroup("p1", "g1").group("g1", "u2", "u3");
    there.dojo.globalRoleUser("u1", "Owner").authorizedUser("p1", "u9");
  }

  @AfterAll
  static void drop() throws Exception {
    there.close();
  }

  @Test
  void checkWritesNothing() throws Exception {
    List<List<Object>> before = there.trace();

    TestingRun check = there.run("check");

    assertThat(check.code()).as(check.said()).isZero();
    assertThat(there.trace()).isEqualTo(before);
    assertThat(check.report().path("status").asText()).isEqualTo("dry-run");
    assertThat(check.said())
        .contains("preflight: database " + there.database.name() + " at localhost")
        .contains("primary, as " + there.database.user());
  }

  @Test
  void planWritesNothingAndSaysWhatRunThenDoes() throws Exception {
    List<List<Object>> before = there.trace();
    TestingAccess justified = TestingAccess.justified(there.connection);
    TestingAccess present = TestingAccess.present(there.connection);

    TestingRun plan = there.run("plan");

    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(there.trace()).isEqualTo(before);
    assertThat(plan.counts("product-users", "planned", "toInsert", "surplus"))
        .isEqualTo(
            RunTest.numbers(
                justified.products().size(),
                justified.without(present).products().size(),
                present.without(justified).products().size()));
    assertGains(plan.step("product-users").path("gains"));

    TestingRun run = there.run("run");

    assertThat(run.counts("product-users", "inserted"))
        .isEqualTo(plan.counts("product-users", "toInsert"));
    assertThat(run.counts("product-type-users", "inserted"))
        .isEqualTo(plan.counts("product-type-users", "toInsert"));
    assertThat(run.counts("user-flags", "updated"))
        .isEqualTo(plan.counts("user-flags", "toUpdate"));
    assertVerifyTellsWhatIsMissing();
  }

  private static void assertVerifyTellsWhatIsMissing() throws Exception {
    List<List<Object>> after = there.trace();
    TestingRun verify = there.run("verify");
    assertThat(verify.code()).as(verify.said()).isZero();
    assertThat(verify.line().path("missing").asLong()).isZero();
    assertThat(there.trace()).isEqualTo(after);

    there.database.execute(
        "DELETE FROM dojo_product_authorized_users a USING dojo_product p, auth_user u"
            + " WHERE p.id = a.product_id AND u.id = a.dojo_user_id AND p.name = 'p1' AND u.username = 'u1'");
    after = there.trace();
    TestingRun failed = there.run("verify");

    assertThat(failed.code()).as(failed.said()).isEqualTo(7);
    assertThat(failed.counts("product-users", "missing")).isEqualTo(RunTest.numbers(1));
    assertThat(failed.report().path("error").path("message").asText())
        .startsWith("1 row that the sources justify is not in its table");
    assertThat(there.trace()).isEqualTo(after);
  }

  /** The same numbers by SQL, over pairs that a run would add. */
  private static void assertGains(JsonNode gains) throws Exception {
    String missing =
        """
        WITH direct AS (SELECT product_id AS o, user_id AS u FROM dojo_product_member),
        through AS (SELECT g.product_id AS o, m.user_id AS u FROM dojo_product_group g
                    JOIN dojo_dojo_group_member m ON m.group_id = g.group_id),
        missing AS (
          SELECT o, u FROM direct UNION SELECT o, u FROM through
          EXCEPT SELECT product_id, dojo_user_id FROM dojo_product_authorized_users)
        """;
    String fromDirect = "SELECT count(*) FROM missing WHERE (o, u) IN (SELECT o, u FROM direct)";
    assertThat(gains.path("direct").asLong()).isEqualTo(there.database.count(missing + fromDirect));
    assertThat(gains.path("throughGroups").asLong())
        .isEqualTo(
            there.database.count(
                missing
                    + "SELECT count(*) FROM missing WHERE (o, u) NOT IN (SELECT o, u FROM direct)"));
    String ten =
        "SELECT %1$s::bigint, count(*) FROM missing GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10";
    assertThat(list(gains.path("users")))
        .isEqualTo(there.database.rows(missing + ten.formatted("u")))
        .isNotEmpty();
    assertThat(list(gains.path("objects")))
        .isEqualTo(there.database.rows(missing + ten.formatted("o")))
        .isNotEmpty();
  }

  private static List<List<Object>> list(JsonNode gains) {
    List<List<Object>> list = new ArrayList<>();
    gains.forEach(
        gain -> list.add(List.of(gain.path("key").asLong(), gain.path("pairs").asLong())));
    return list;
  }
}
