package backfill.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.GrantSources;
import backfill.plan.IntoPairs;
import backfill.plan.Step;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TestingPreflight;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestingPreflight.Dropped.class)
class HeadroomTest {
  private final TestingPreflight world = TestingPreflight.pairs();

  /** 10 direct pairs, 4 of them also among the 20 through a group; a NULL, and one left out. */
  private void fill() {
    world.execute(
        "INSERT INTO direct SELECT i, i % 5, i, '' FROM generate_series(1, 10) i",
        "INSERT INTO direct VALUES (11, 1, NULL, ''), (12, 99, 99, 'old')",
        "INSERT INTO through SELECT i, i, 7 FROM generate_series(0, 4) i",
        "INSERT INTO members SELECT i, 7, i FROM generate_series(1, 4) i");
    world.where("direct", "note <> 'old'");
  }

  @Test
  void belowTwoFullRunsIsRefusedWithBothNumbers() {
    fill();
    world.execute("ALTER SEQUENCE access_id_seq MAXVALUE 51");
    String pairs =
        world.value(
            "SELECT count(*) FROM (SELECT object_id, user_id FROM direct WHERE note <> 'old' AND user_id IS NOT"
                + " NULL UNION SELECT object_id, user_id FROM through JOIN members USING (group_id)) p");
    assertThat(pairs).isEqualTo("26");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: sequence access_id_seq has 51 values left for access.id (integer), and two full runs take"
                + " 52; ALTER TABLE \"public\".\"access\" ALTER COLUMN \"id\" TYPE bigint, then ALTER SEQUENCE"
                + " \"public\".\"access_id_seq\" AS bigint NO MAXVALUE");
  }

  @Test
  void exactlyTwoFullRunsFitThoughTheBoundDoesNot() {
    fill();
    world.execute("ALTER SEQUENCE access_id_seq MAXVALUE 52");
    assertThat(world.ready().applies()).isTrue();
  }

  @Test
  void theCureCures() {
    fill();
    world.execute("SELECT setval('access_id_seq', 2147483640)");
    for (String statement : world.reasons().get(0).split("; ", 2)[1].split(", then ")) {
      world.execute(statement);
    }
    assertThat(world.ready().applies()).isTrue();
  }

  @Test
  void aNarrowColumnBehindABigintSequenceIsFullFirst() {
    fill();
    world.execute(
        "CREATE SEQUENCE wide AS bigint",
        "ALTER TABLE access ALTER COLUMN id DROP IDENTITY",
        "ALTER TABLE access ALTER COLUMN id SET DEFAULT nextval('wide')",
        "SELECT setval('wide', 2147483600)");
    assertThat(remaining()).isEqualTo(47);
    assertThat(world.reasons())
        .singleElement()
        .asString()
        .startsWith("step fill: sequence wide has 47 values left for access.id (integer)");
  }

  @Test
  void anUnusedSequenceHasItsFirstValueToo() {
    world.execute("ALTER SEQUENCE access_id_seq MAXVALUE 5");
    assertThat(remaining()).isEqualTo(5);
    world.execute("SELECT setval('access_id_seq', 3, false)");
    assertThat(remaining()).isEqualTo(3);
    world.execute("SELECT nextval('access_id_seq')");
    assertThat(remaining()).isEqualTo(2);
  }

  @Test
  void incrementsAndDescendingSequencesCount() {
    world.execute("ALTER SEQUENCE access_id_seq INCREMENT 10 MAXVALUE 35");
    assertThat(remaining()).isEqualTo(4); // 1, 11, 21, 31
    world.execute(
        "ALTER SEQUENCE access_id_seq INCREMENT -1 MINVALUE -4 MAXVALUE 1 START 1 RESTART");
    assertThat(remaining()).isEqualTo(6);
  }

  @Test
  void withUsageAloneTheLastValueIsSeenAndWithNothingItIsSaid() {
    fill();
    String role = world.role();
    world.execute(
        "GRANT SELECT ON direct, through, members, access TO " + role,
        "GRANT INSERT ON access TO " + role,
        "SELECT setval('access_id_seq', 2147483640)");
    assertThat(world.ready(world.as(role)).warnings())
        .containsExactly(
            "step fill: how many values sequence access_id_seq has left is not known without a right to look;"
                + " GRANT SELECT ON SEQUENCE \"public\".\"access_id_seq\"");
    world.execute("GRANT USAGE ON SEQUENCE access_id_seq TO " + role);
    assertThat(world.reasons(world.as(role)))
        .singleElement()
        .asString()
        .startsWith("step fill: sequence access_id_seq has 7 values left");
  }

  @Test
  void aCycleIsAWarning() {
    fill();
    world.execute("ALTER SEQUENCE access_id_seq MAXVALUE 5 CYCLE");
    assertThat(world.ready().warnings())
        .containsExactly(
            "step fill: sequence access_id_seq is a CYCLE: at its end it repeats numbers of access.id");
  }

  @Test
  void aStepOverAViewIsLeftToTheStageThatHasCounted() throws SQLException {
    fill();
    world.execute("ALTER SEQUENCE access_id_seq MAXVALUE 5");
    world.views.put("wanted", "SELECT object_id, user_id FROM direct");
    world.steps.set(
        0,
        new Step.Pairs(
            "fill",
            Optional.empty(),
            new GrantSources(
                List.of(new GrantSources.Grant("wanted", "object_id", "user_id")),
                List.of(),
                List.of()),
            new IntoPairs("access", "object_id", "user_id"),
            Step.Surplus.REPORT,
            Optional.empty(),
            TestingPreflight.WRITE));
    Table table = world.ready().targets().get("fill").table();
    try (Connection connection = world.admin().connect("test")) {
      assertThat(Headroom.of(connection, table, List.of("object_id", "user_id")).get(0).refusal(3))
          .hasValueSatisfying(
              text -> assertThat(text).contains("has 5 values left", "two full runs take 6"));
    }
  }

  private long remaining() {
    try (Connection connection = world.admin().connect("test");
        Inquiry inquiry = new Inquiry(connection, Duration.ofSeconds(2), Duration.ofSeconds(2))) {
      long oid = Long.parseLong(world.value("SELECT 'access'::regclass::oid"));
      Table table = new Catalog(inquiry).table(oid);
      return Headroom.of(connection, table, List.of("object_id", "user_id"))
          .get(0)
          .remaining()
          .orElseThrow();
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
