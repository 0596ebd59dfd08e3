package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingHeldRun;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import backfill.testing.TestingSeats;
import backfill.testing.TestingUpstream;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The plan {@code gitlab-seat-assignments} on GitLab's own tables. */
class SeatsTest {
  private static final String[] LATER_RULES = {
    "--set",
    "params.seatless=delete",
    "--set",
    "allow-delete=true",
    "--set",
    "limits.surplus-percent=100"
  };

  private TestingUpstream there;

  @BeforeEach
  void create() throws SQLException {
    there = TestingUpstream.create("gitlab-seats", "gitlab-seat-assignments");
    there.database.execute(
        """
        INSERT INTO organizations SELECT generate_series(1, 3);
        INSERT INTO plans VALUES (1, 'free'), (2, 'premium'), (3, 'ultimate'), (4, 'opensource'), (5, 'gold');
        INSERT INTO member_roles VALUES (1, NULL, 10, true), (2, NULL, 10, false);
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    there.close();
  }

  private void world() throws SQLException {
    there.database.execute(TestingSeats.WORLD);
  }

  private void member(long user, int level, String source, long id, String more)
      throws SQLException {
    there.database.execute(
        "INSERT INTO members (access_level, source_id, source_type, user_id, member_namespace_id) VALUES (%d, %d, '%s', %d, 0)"
            .formatted(level, id, source, user));
    if (!more.isEmpty()) {
      there.database.execute(
          "UPDATE members SET " + more + " WHERE id = (SELECT max(id) FROM members)");
    }
  }

  private String seat(long root, long user) throws SQLException {
    return there
        .database
        .rows(
            "SELECT seat_type::int FROM subscription_seat_assignments WHERE namespace_id = %d AND user_id = %d"
                .formatted(root, user))
        .toString();
  }

  @Test
  void seatsFollowTheRules() throws Exception {
    world();
    member(1, 10, "Namespace", 10, "");
    member(1, 30, "Project", 11, "");
    member(2, 10, "Namespace", 10, "");
    member(3, 15, "Namespace", 11, "");
    member(4, 5, "Namespace", 10, "");
    member(4, 5, "Namespace", 20, "");
    member(2, 10, "Namespace", 20, "");
    member(4, 5, "Namespace", 40, "");
    member(5, 30, "Namespace", 10, "requested_at = now()");
    member(6, 30, "Namespace", 10, "state = 1");
    member(7, 30, "Namespace", 10, "invite_token = 'x'");
    member(11, 30, "Namespace", 10, "expires_at = current_date - 1");
    member(10, 30, "Namespace", 10, "");
    member(8, 30, "Namespace", 10, "");
    member(9, 10, "Namespace", 10, "");
    member(12, 10, "Namespace", 10, "member_role_id = 1");
    member(13, 30, "Project", 50, "");
    member(14, 60, "Namespace", 10, "");
    member(15, 30, "Namespace", 10, "state = NULL");

    TestingRun run = there.run("run");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(there.database.rows(TestingSeats.HELD))
        .isEqualTo(there.database.rows(TestingSeats.EXPECTED.formatted("false")));
    assertThat(seat(10, 1)).isEqualTo("[[0]]");
    assertThat(seat(10, 2)).isEqualTo("[[1]]");
    assertThat(seat(10, 3)).isEqualTo("[[2]]");
    assertThat(seat(10, 4)).isEqualTo("[[1]]");
    assertThat(seat(20, 4)).isEqualTo("[[1]]");
    assertThat(seat(20, 2)).isEqualTo("[[0]]");
    assertThat(seat(40, 4)).isEqualTo("[[0]]");
    for (long none : new long[] {5, 6, 7, 13, 14, 15}) {
      assertThat(seat(10, none)).isEqualTo("[]");
    }
    assertThat(seat(10, 11)).isEqualTo("[[0]]");
    assertThat(seat(10, 10)).isEqualTo("[[0]]");
    assertThat(seat(10, 8)).isEqualTo("[[3]]");
    assertThat(seat(10, 9)).isEqualTo("[[1]]");
    assertThat(seat(10, 12)).isEqualTo("[[1]]");

    TestingRun later = there.run("run", "--set", "params.custom_roles=true");

    assertThat(later.counts("seats", "updated", "inserted")).isEqualTo(RunTest.numbers(1, 0));
    assertThat(seat(10, 12)).isEqualTo("[[0]]");
  }

  @Test
  void withoutSubscriptionsThePlanDoesNotApply() throws Exception {
    world();
    member(1, 30, "Namespace", 10, "");
    there.database.execute("DELETE FROM gitlab_subscriptions");
    List<List<Object>> before = there.trace();

    TestingRun run = there.run("run");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.step("seats").path("status").asText()).isEqualTo("skipped");
    assertThat(there.trace()).isEqualTo(before);
  }

  /** The column's default is an empty path, of which GitLab's own {@code [1]} is NULL. */
  @Test
  void membershipWhoseRootIsUnknownGivesNoSeatAndIsCounted() throws Exception {
    world();
    there.database.execute(
        """
        INSERT INTO namespaces (id, type, parent_id, organization_id) VALUES (12, 'Group', 10, 1), (60, 'Group', NULL, 1);
        INSERT INTO namespaces (id, type, parent_id, traversal_ids, organization_id)
        VALUES (13, 'Group', 10, '{NULL}', 1), (14, 'Group', 10, '{11,14}', 1), (15, 'Group', 10, '{999,15}', 1),
               (61, 'Group', 60, '{60,61}', 1);
        INSERT INTO projects (id, namespace_id, project_namespace_id, organization_id) VALUES (70, 12, 0, 1)
        """);
    for (long group : new long[] {12, 60, 13, 14, 15, 404}) {
      member(1, 30, "Namespace", group, "");
    }
    member(1, 30, "Project", 70, "");
    member(1, 30, "Project", 404, "");
    member(2, 30, "Project", 50, "");
    member(3, 30, "Namespace", 61, "");

    TestingRun run = there.run("run");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.step("seats").path("unmatched")).hasToString("{\"rootless\":8}");
    assertThat(
            there.database.rows("SELECT namespace_id, user_id FROM subscription_seat_assignments"))
        .hasToString("[[60, 3]]");
  }

  @Test
  void onlySeatsOfRootGroupsAreThePlansOwn() throws Exception {
    world();
    member(1, 30, "Namespace", 10, "");
    there.database.execute(
        """
        INSERT INTO subscription_seat_assignments (namespace_id, user_id, created_at, updated_at, organization_id)
        SELECT namespace, user_id, '2020-01-01', '2020-01-01', 1
        FROM unnest('{10,11,50,NULL}'::bigint[]) namespace, unnest('{2,3}'::int[]) user_id
        """);

    assertThat(there.run("run", "--set", "params.seatless=report").counts("seats", "surplus"))
        .isEqualTo(RunTest.numbers(2));
    TestingRun deleting = there.run("run", LATER_RULES);

    assertThat(deleting.code()).as(deleting.said()).isZero();
    assertThat(deleting.counts("seats", "surplus", "deleted")).isEqualTo(RunTest.numbers(2, 2));
    assertThat(
            there.database.rows(
                "SELECT namespace_id, array_agg(user_id ORDER BY user_id)::text FROM subscription_seat_assignments"
                    + " GROUP BY 1 ORDER BY 1"))
        .hasToString("[[10, {1}], [11, {2,3}], [50, {2,3}], [null, {2,3}]]");
  }

  @Test
  void onlyAChangeIsWritten() throws Exception {
    world();
    member(1, 30, "Namespace", 10, "");
    member(2, 30, "Namespace", 10, "");
    member(3, 30, "Namespace", 10, "");
    there.database.execute(
        """
        INSERT INTO subscription_seat_assignments
          (namespace_id, user_id, last_activity_on, created_at, updated_at, organization_id, seat_type)
        VALUES (10, 1, '2020-01-01', '2020-01-01', '2020-01-01', 2, 0),
               (10, 2, '2020-01-01', '2020-01-01', '2020-01-01', 2, NULL),
               (10, 3, '2020-01-01', '2020-01-01', '2020-01-01', 1, 0),
               (NULL, 3, NULL, '2020-01-01', '2020-01-01', 1, 1),
               (NULL, 3, NULL, '2020-01-01', '2020-01-01', 1, 1),
               (20, 3, NULL, '2020-01-01', '2020-01-01', 1, 1)
        """);
    String right =
        "SELECT id, xmin::text FROM subscription_seat_assignments WHERE user_id = 1 OR namespace_id IS NULL"
            + " OR namespace_id = 20 ORDER BY 1";
    List<List<Object>> before = there.database.rows(right);

    TestingRun run = there.run("run");

    assertThat(
            run.counts(
                "seats", "planned", "inserted", "updated", "unchanged", "surplus", "deleted"))
        .isEqualTo(Arrays.asList(3L, 0L, 2L, 1L, 1L, null));
    assertThat(there.database.rows(right)).isEqualTo(before);
    assertThat(
            there.database.rows(
                "SELECT user_id, organization_id, seat_type::int, updated_at > '2020-01-02',"
                    + " created_at = '2020-01-01' AND last_activity_on = '2020-01-01'"
                    + " FROM subscription_seat_assignments WHERE user_id IN (2, 3) AND namespace_id = 10 ORDER BY 1"))
        .hasToString("[[2, 2, 0, true, true], [3, 2, 0, true, true]]");

    List<List<Object>> after = there.trace();
    assertThat(there.run("run").code()).isZero();
    assertThat(there.trace()).isEqualTo(after);

    TestingRun unasked = there.run("run", "--set", "params.seatless=delete");
    assertThat(unasked.code()).isEqualTo(2);
    TestingRun guarded =
        there.run(
            "run",
            "--set",
            "params.seatless=delete",
            "--set",
            "allow-delete=true",
            "--set",
            "limits.rows-deleted=0");
    assertThat(guarded.code()).as(guarded.said()).isEqualTo(5);
    assertThat(there.trace()).isEqualTo(after);

    TestingRun plan = there.run("plan", LATER_RULES);
    assertThat(plan.counts("seats", "toDelete", "toInsert")).isEqualTo(RunTest.numbers(1, 0));
    assertThat(there.trace()).isEqualTo(after);
    assertThat(there.run("verify", LATER_RULES).code()).isEqualTo(7);
    TestingRun deleting = there.run("run", LATER_RULES);
    assertThat(deleting.counts("seats", "deleted", "stayed", "missing"))
        .isEqualTo(RunTest.numbers(1, 0, 0));
    assertThat(
            there.database.count(
                "SELECT count(*) FROM subscription_seat_assignments WHERE namespace_id IS NULL"))
        .isEqualTo(2);
  }

  @Test
  void whatSomebodyChangesMeanwhileStaysHis() throws Exception {
    world();
    member(1, 30, "Namespace", 10, "");
    member(2, 30, "Namespace", 10, "");
    member(3, 30, "Namespace", 10, "");
    there.database.execute(
        """
        INSERT INTO subscription_seat_assignments
          (namespace_id, user_id, created_at, updated_at, organization_id, seat_type)
        VALUES (10, 1, '2020-01-01', '2020-01-01', 2, 1), (10, 4, '2020-01-01', '2020-01-01', 2, 1),
               (10, 5, '2020-01-01', '2020-01-01', 2, 1)
        """);
    String table = "subscription_seat_assignments";
    try (TestingHeldRun held =
        TestingHeldRun.writing(
            there.database,
            table,
            options -> {
              String[] all = Arrays.copyOf(LATER_RULES, 8);
              System.arraycopy(options, 0, all, 6, 2);
              return there.run("run", all);
            })) {
      TestingRun run =
          held.meanwhile(
                  "UPDATE subscription_seat_assignments SET seat_type = 2 WHERE user_id IN (1, 4)",
                  "INSERT INTO subscription_seat_assignments (namespace_id, user_id, created_at, updated_at,"
                      + " organization_id, seat_type) VALUES (10, 2, now(), now(), 2, 3)")
              .release();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(
              run.counts(
                  "seats",
                  "planned",
                  "inserted",
                  "updated",
                  "unchanged",
                  "changedMeanwhile",
                  "rejected"))
          .isEqualTo(RunTest.numbers(3, 1, 0, 0, 2, 0));
      assertThat(run.counts("seats", "toDelete", "deleted", "stayed", "missing", "addedMeanwhile"))
          .isEqualTo(RunTest.numbers(2, 1, 1, 0, 2));
    }
    assertThat(seat(10, 1)).isEqualTo("[[2]]");
    assertThat(seat(10, 2)).isEqualTo("[[3]]");
    assertThat(seat(10, 4)).isEqualTo("[[2]]");
    assertThat(seat(10, 5)).isEqualTo("[]");
  }

  @Test
  void randomMembersGetTheSeatsThatSqlGivesThem() throws Exception {
    long seed = TestingRandomGrants.anySeed();
    world();
    there.database.execute(
        """
        SELECT setseed(%s);
        INSERT INTO members (access_level, source_id, source_type, user_id, member_namespace_id, state,
                             requested_at, invite_token, member_role_id)
        SELECT ('{0,5,10,15,20,30,40,50,60}'::int[])[1 + floor(random() * 9)],
               ('{10,11,20,21,30,31,40,41,50}'::int[])[1 + floor(random() * 9)],
               ('{Namespace,Project}'::text[])[1 + floor(random() * 2)],
               CASE WHEN random() < 0.95 THEN 1 + floor(random() * 60) END, 0,
               CASE WHEN random() < 0.9 THEN 0 WHEN random() < 0.5 THEN 1 END,
               CASE WHEN random() < 0.05 THEN now() END, CASE WHEN random() < 0.05 THEN 'i' END,
               CASE WHEN random() < 0.2 THEN 1 + floor(random() * 2) END
        FROM generate_series(1, 400);
        INSERT INTO subscription_seat_assignments
          (namespace_id, user_id, created_at, updated_at, organization_id, seat_type)
        SELECT DISTINCT ON (1, 2) (10 * (1 + i %% 4)), 1 + floor(random() * 60)::int, '2020-01-01'::timestamptz,
               '2020-01-01'::timestamptz, 1 + i %% 3, CASE WHEN i %% 5 < 4 THEN i %% 4 END
        FROM generate_series(1, 150) i
        """
            .formatted((seed % 1000) / 1000.0));
    TestingUpstream copy = there.copy();
    List<List<Object>> before = copy.trace();
    String[] rules = Arrays.copyOf(LATER_RULES, 8);
    rules[6] = "--set";
    rules[7] = "write.rows-per-batch=7";
    TestingRun plan = copy.run("plan", rules);
    assertThat(copy.trace()).isEqualTo(before);
    copy.close();

    there.database.execute(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON subscription_seat_assignments FOR EACH ROW
          WHEN (NEW.user_id > 50) EXECUTE FUNCTION refuse()
        """);
    TestingRun brokenOff = there.run("run", rules);
    assertThat(brokenOff.code()).as(brokenOff.said()).isEqualTo(6);
    there.database.execute("DROP TRIGGER refuse ON subscription_seat_assignments");

    TestingRun run = there.run("run", rules);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(there.database.rows(TestingSeats.HELD))
        .as("seed " + seed)
        .isEqualTo(there.database.rows(TestingSeats.EXPECTED.formatted("false")));
    assertThat(counts(plan, "toInsert", "toUpdate", "toDelete"))
        .as("seed " + seed)
        .isEqualTo(
            counts(run, "inserted", "updated", "deleted")
                + counts(brokenOff, "inserted", "updated", "deleted"));
    List<List<Object>> after = there.trace();
    TestingRun rerun = there.run("run", rules);
    assertThat(rerun.code()).as(rerun.said()).isZero();
    assertThat(there.trace()).isEqualTo(after);
  }

  private static long counts(TestingRun run, String... names) {
    return run.counts("seats", names).stream().mapToLong(Long::longValue).sum();
  }
}
