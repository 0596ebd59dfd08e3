package backfill;

import static backfill.testing.TestingGuardedDojo.limit;
import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingGuardedDojo;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits on a plan whose second step reads what its first one writes. */
class GuardedStepsTest {
  private static final String PLAN =
      """
      name = two-snapshots
      lock-timeout = 60 s
      sources {
        member = dojo_product_member
        authorized = dojo_product_authorized_users
        type_member = dojo_product_type_member
      }
      steps = [
        { name = first, kind = pairs
          direct = [{ from = member, object = product_id, user = user_id }]
          into = { table = dojo_product_authorized_users, object = product_id, user = dojo_user_id } }
        { name = second, kind = pairs
          direct = [{ from = authorized, object = product_id, user = dojo_user_id }
                    { from = type_member, object = product_type_id, user = user_id }]
          into = { table = seen, object = product_id, user = user_id } }
      ]
      """;
  private static final String FIRST = "dojo_product_authorized_users";

  @TempDir Path directory;
  private TestingGuardedDojo there;
  private String plan;

  @BeforeEach
  void fill() throws Exception {
    plan = Files.writeString(directory.resolve("two.conf"), PLAN).toString();
    there = new TestingGuardedDojo();
    there.database.execute(
        "CREATE TABLE seen (id bigserial, product_id int, user_id int, PRIMARY KEY (product_id, user_id))");
    there.dojo.productMember("p1", "u1", "Reader").productMember("p1", "u2", "Reader");
  }

  @AfterEach
  void drop() throws SQLException {
    there.close();
  }

  private long rows(String table) throws SQLException {
    return there.database.count("SELECT count(*) FROM " + table);
  }

  @Test
  void aLaterStepIsCountedBeforeTheFirstOneWrites() throws Exception {
    there.dojo.typeMember("t1", "u1", "Reader").typeMember("t2", "u1", "Reader");
    there.dojo.typeMember("t3", "u1", "Reader");
    List<List<Object>> before = there.trace(FIRST, "seen");

    TestingRun run = there.command("run", plan, limit("rows-inserted=2"));

    assertThat(run.code()).isEqualTo(5);
    assertThat(run.message())
        .startsWith("step second would insert 5 rows, and limits.rows-inserted is 2. Nothing was");
    assertThat(run.step("first").path("status").asText()).isEqualTo("pending");
    assertThat(there.trace(FIRST, "seen")).isEqualTo(before);
  }

  /** What the run itself would write is counted along. */
  @Test
  void aLaterStepIsCountedOverWhatTheFirstOneWouldWrite() throws Exception {
    there.dojo.typeMember("t7", "u1", "Reader");
    List<List<Object>> before = there.trace(FIRST, "seen");

    TestingRun run = there.command("run", plan, limit("rows-inserted=2"));

    assertThat(run.code()).isEqualTo(5);
    assertThat(run.status()).isEqualTo("refused");
    assertThat(run.message())
        .startsWith("step second would insert 3 rows, and limits.rows-inserted is 2. Nothing was");
    assertThat(run.report().path("error").path("step").asText()).isEqualTo("second");
    assertThat(run.step("second").path("status").asText()).isEqualTo("refused");
    assertThat(there.trace(FIRST, "seen")).isEqualTo(before);
  }

  @Test
  void whatOthersAddAfterTheCountIsCountedBeforeTheWrite() throws Exception {
    try (TestingHeldRun held =
        TestingHeldRun.writing(
            there.database,
            FIRST,
            options ->
                there.command("run", plan, limit("rows-inserted=3"), options[0], options[1]))) {
      there.dojo.typeMember("t7", "u1", "Reader").typeMember("t8", "u1", "Reader");
      TestingRun ended = held.release();

      assertThat(ended.code()).isEqualTo(5);
      assertThat(ended.message())
          .startsWith(
              "step second would insert 4 rows, and limits.rows-inserted is 3."
                  + " Written before: first (2 rows). If");
      assertThat(ended.report().path("error").path("step").asText()).isEqualTo("second");
      assertThat(ended.step("first").path("status").asText()).isEqualTo("done");
      assertThat(ended.step("first").path("missing").asLong()).isZero();
      assertThat(ended.step("second").path("status").asText()).isEqualTo("refused");
      assertThat(rows(FIRST)).isEqualTo(2);
      assertThat(rows("seen")).isZero();
      assertThat(there.database.rows("SELECT last_value, is_called FROM seen_id_seq"))
          .containsExactly(List.of(1L, false));
    }
  }

  @Test
  void withinItsLimitsAGuardedRunWritesEveryStep() throws Exception {
    TestingRun run = there.command("run", plan, limit("rows-inserted=2"));

    assertThat(run.code()).as(run.message()).isZero();
    assertThat(rows("seen")).isEqualTo(2);
    // Each group of steps is read for the count and for the write, and both for verify together.
    assertThat(run.report().path("databases").path("main").path("snapshots")).hasSize(5);
    assertThat(run.step("first").path("toInsert").asLong()).isEqualTo(2);
    assertThat(run.step("second").path("inserted").asLong()).isEqualTo(2);
  }
}
