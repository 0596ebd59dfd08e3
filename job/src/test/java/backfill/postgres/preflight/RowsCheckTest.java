package backfill.postgres.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.server.TestingPreflight;
import backfill.postgres.write.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestingPreflight.Dropped.class)
class RowsCheckTest {
  private final TestingPreflight world = TestingPreflight.rows();

  @Test
  void keyAndAValueAreReady() {
    Target target = world.ready().targets().get("flags");
    assertThat(target.arbiter().index()).isEqualTo("people_pkey");
    assertThat(target.table().column("flag").orElseThrow().type()).isEqualTo("boolean");
  }

  @Test
  void theQueryMustGiveTheKey() {
    assertThat(world.outputs("flag", "name").reasons())
        .containsExactly(
            "step flags: the query does not give key column \"id\"; it gives flag, name");
  }

  @Test
  void theQueryMustGiveAValue() {
    assertThat(world.outputs("id").reasons())
        .containsExactly(
            "step flags: the query gives no column besides the key, so there is nothing to update");
  }

  @Test
  void everyColumnOfTheQueryIsTheTargets() {
    assertThat(world.outputs("id", "flagg").reasons())
        .containsExactly(
            "step flags: people has no column \"flagg\", which the query gives; did you mean flag?");
  }

  @Test
  void aColumnThatIsGivenTwiceIsRefused() {
    assertThat(world.outputs("id", "flag", "flag").reasons())
        .containsExactly(
            "step flags: the query gives column \"flag\" more than once; give each column of the target one"
                + " value");
  }

  @Test
  void generatedColumnsCannotBeWritten() {
    assertThat(world.outputs("id", "twice", "nr").reasons())
        .containsExactly(
            "step flags: people.twice is a generated column and cannot be written",
            "step flags: people.nr is GENERATED ALWAYS AS IDENTITY and cannot be written");
  }

  @Test
  void theKeyNeedsAnArbiter() {
    world.execute("ALTER TABLE people DROP CONSTRAINT people_pkey");
    assertThat(world.reasons())
        .containsExactly(
            "step flags: people has no unique index that says which rows are the same by exactly (\"id\");"
                + " CREATE UNIQUE INDEX CONCURRENTLY ON \"public\".\"people\" (\"id\")");
  }

  @Test
  void triggersBeforeUpdateAndRulesAreWarnings() {
    world.execute(
        "CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER swallow BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION drop_row()",
        "CREATE RULE quiet AS ON UPDATE TO people DO ALSO NOTIFY people");
    assertThat(world.ready().warnings())
        .containsExactly(
            "step flags: trigger swallow fires BEFORE UPDATE on people and may change or drop rows",
            "step flags: rule quiet on people may change or drop rows");
  }
}
