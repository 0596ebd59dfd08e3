package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDojo;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** {@code plan} and {@code verify} for a role that may read, and nothing else. */
class ReadOnlyTest {

  @Test
  void roleThatMayOnlyReadPlansAndVerifiesAndIsToldWhatARunNeeds() throws Exception {
    String role = "reader_" + UUID.randomUUID().toString().replace("-", "");
    try (TestingDojo there = TestingDojo.create()) {
      there.dojo.productMember("p1", "u1", "Reader").globalRoleUser("u1", "Owner");
      there.database.execute(
          "CREATE SEQUENCE numbers AS integer MAXVALUE 5; SELECT setval('numbers', 5)",
          "ALTER TABLE dojo_product_type_authorized_users ALTER id DROP IDENTITY",
          "ALTER TABLE dojo_product_type_authorized_users ALTER id SET DEFAULT nextval('numbers')",
          "CREATE ROLE " + role + " LOGIN PASSWORD 'trusted'",
          "GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role,
          "ALTER ROLE " + role + " SET default_transaction_read_only = on");
      try {
        Map<String, String> environment = new HashMap<>(there.database.environment());
        environment.put("BACKFILL_USER", role);
        environment.put("BACKFILL_PASSWORD", "trusted");

        TestingRun plan = TestingRun.of(environment, "plan", TestingRun.DOJO);

        assertThat(plan.code()).as(plan.said()).isZero();
        assertThat(plan.counts("product-users", "toInsert")).isEqualTo(RunTest.numbers(1));
        assertThat(plan.counts("user-flags", "toUpdate")).isEqualTo(RunTest.numbers(1));
        String table = "dojo_product_authorized_users";
        assertThat(warnings(plan))
            .contains(
                "a run would need besides: step product-users: no right to INSERT on "
                    + table
                    + "; GRANT INSERT (\"product_id\", \"dojo_user_id\") ON \"public\".\"dojo_product_authorized_users\" TO \""
                    + role
                    + "\"")
            .anyMatch(line -> line.contains("besides: step user-flags: no right to UPDATE on "))
            .anyMatch(line -> line.contains("no right to take values from sequence numbers"))
            .anyMatch(line -> line.contains("besides: ledger: no right to keep it in schema"))
            .anyMatch(line -> line.contains("begins transactions as READ ONLY"));

        TestingRun verify = TestingRun.of(environment, "verify", TestingRun.DOJO);

        assertThat(verify.code()).as(verify.said()).isEqualTo(7);
        assertThat(verify.line().path("missing").asLong()).isEqualTo(2);

        TestingRun run = TestingRun.of(environment, "run", TestingRun.DOJO);

        assertThat(run.code()).as(run.said()).isEqualTo(3);
        assertThat(run.report().path("error").path("message").asText())
            .contains("step product-users: no right to INSERT on " + table)
            .contains("begins transactions as READ ONLY");
      } finally {
        there.database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
      }
    }
  }

  private static List<String> warnings(TestingRun run) {
    List<String> warnings = new ArrayList<>();
    for (JsonNode warning : run.report().path("warnings")) {
      warnings.add(warning.asText());
    }
    return warnings;
  }
}
