package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDojo;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingRun;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A step of rows whose query cannot give any, because a source that it needs is empty. */
class IdleStepTest {
  private static final String STEP = "user-flags";

  private TestingDojo there;

  @BeforeEach
  void fillWithoutGlobalRoles() throws Exception {
    there = TestingDojo.create();
    there.dojo.productMember("p1", "u1", "Reader").productMember("p1", "u2", "Reader");
  }

  @AfterEach
  void drop() throws Exception {
    there.close();
  }

  @Test
  void itsTargetIsNotReadAndItsCountsAreZero() throws Exception {
    TestingRun idle = there.run("run");

    assertThat(idle.code()).as(idle.said()).isZero();
    assertThat(
            idle.counts(STEP, "planned", "toUpdate", "updated", "unchanged", "absent", "rejected"))
        .isEqualTo(RunTest.numbers(0, 0, 0, 0, 0, 0));
    assertThat(idle.counts(STEP, "missing", "addedMeanwhile", "revokedMeanwhile"))
        .isEqualTo(RunTest.numbers(0, 0, 0));
    assertThat(idle.step(STEP).path("changes").path("is_staff").asLong(-1)).isZero();
    assertThat(idle.step(STEP).path("read").path("users").asLong()).isEqualTo(2);

    there.dojo.globalRoleUser("u1", "Owner");
    TestingRun busy = there.run("run");
    assertThat(busy.counts(STEP, "updated")).isEqualTo(RunTest.numbers(1));
    assertThat(idle.counts(STEP, "statements").get(0))
        .isLessThan(busy.counts(STEP, "statements").get(0) - 1);
  }

  @Test
  void whatWouldBeItsWorkMeanwhileIsLeftToTheNextRun() throws Exception {
    there.dojo.superuser("u2");
    TestingRun run;
    try (TestingHeldRun held = TestingHeldRun.writing(there, "dojo_product_authorized_users")) {
      there.dojo.globalRoleUser("u1", "Owner").globalRoleUser("u2", "Owner");
      run = held.release();
    }

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts(STEP, "planned", "updated", "missing", "addedMeanwhile"))
        .as("u2 is a superuser already")
        .isEqualTo(RunTest.numbers(0, 0, 0, 1));
    assertThat(there.run("run").counts(STEP, "updated")).isEqualTo(RunTest.numbers(1));
    assertThat(
            there.database.rows(
                "SELECT username FROM auth_user WHERE is_superuser ORDER BY username"))
        .containsExactly(List.of("u1"), List.of("u2"));
  }

  @Test
  void aDryRunAndVerifyAgree() throws Exception {
    for (String command : List.of("plan", "verify")) {
      TestingRun run = there.run(command, "--only", STEP);
      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts(STEP, "planned", "toUpdate")).isEqualTo(RunTest.numbers(0, 0));
    }
  }
}
