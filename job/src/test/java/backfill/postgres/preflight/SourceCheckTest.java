package backfill.postgres.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.server.TestingPreflight;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestingPreflight.Dropped.class)
class SourceCheckTest {
  private final TestingPreflight world = TestingPreflight.pairs();

  @Test
  void aViewIsNoSource() {
    world.execute(
        "ALTER TABLE direct RENAME TO beneath", "CREATE VIEW direct AS SELECT * FROM beneath");
    assertThat(world.reasons())
        .containsExactly(
            "source direct: direct is a view; a source must be a table, because it is read in ctid ranges and"
                + " held in ACCESS SHARE. Name the tables beneath it, and put what it selects under views");
  }

  @Test
  void aForeignTableIsNoSource() {
    world.execute(
        "CREATE FOREIGN DATA WRAPPER nothing",
        "CREATE SERVER far FOREIGN DATA WRAPPER nothing",
        "DROP TABLE direct",
        "CREATE FOREIGN TABLE direct (object_id int, user_id int) SERVER far");
    assertThat(world.reasons())
        .singleElement()
        .asString()
        .startsWith("source direct: direct is a foreign table; a source must be a table");
  }

  @Test
  void aForeignPartitionIsNoSource() {
    world.execute(
        "CREATE FOREIGN DATA WRAPPER nothing",
        "CREATE SERVER far FOREIGN DATA WRAPPER nothing",
        "DROP TABLE direct",
        "CREATE TABLE direct (object_id int, user_id int) PARTITION BY LIST (object_id)",
        "CREATE FOREIGN TABLE direct_far PARTITION OF direct FOR VALUES IN (1) SERVER far");
    assertThat(world.reasons())
        .containsExactly(
            "source direct: direct_far, a part of direct, is a foreign table, and no snapshot of ours holds"
                + " there; name the local parts as sources");
  }

  @Test
  void rowSecurityIsAReasonForWhomItHidesRows() {
    String role = world.role();
    world.execute(
        "ALTER TABLE direct ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE access ENABLE ROW LEVEL SECURITY",
        "GRANT SELECT ON direct, through, members, access TO " + role,
        "GRANT INSERT ON access TO " + role);
    String would =
        " would hide rows from us; log in as a role with BYPASSRLS, or as the owner without FORCE ROW LEVEL"
            + " SECURITY";
    assertThat(world.reasons(world.as(role)))
        .containsExactly(
            "source direct: row security of direct" + would,
            "step fill: row security of access" + would);
    assertThat(world.ready().applies()).isTrue();
  }

  @Test
  void aConditionThatCannotBeAskedIsAReason() {
    world.where("direct", "note = :wanted AND nowhere");
    world.params.put("wanted", "x");
    assertThat(world.reasons())
        .containsExactly("source direct: where cannot be asked: column \"nowhere\" does not exist");
  }

  @Test
  void aGrantsColumnThatIsMissingIsNamedWithACloseOne() {
    world.execute("ALTER TABLE members RENAME COLUMN user_id TO userid");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: members has no column \"user_id\", as source members; did you mean userid?");
  }
}
