package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Operation;
import backfill.postgres.server.TableName;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A row is set only if it still holds what was read. */
class CompareAndSetTest {
  private TestingDatabase database;
  private BatchWriter writer;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE TABLE u (id uuid PRIMARY KEY, flag boolean, note text);
        INSERT INTO u SELECT ('00000000-0000-0000-0000-00000000000' || i)::uuid, false, NULL
        FROM unnest(ARRAY['a', 'b', 'c', 'd']) i;
        CREATE TABLE writes (flag boolean, note text);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN INSERT INTO writes VALUES (NEW.flag, NEW.note); RETURN NEW; END $$;
        CREATE TRIGGER note AFTER UPDATE ON u FOR EACH ROW EXECUTE FUNCTION note()
        """);
    writer =
        new BatchWriter(
            new WriteTarget(
                new WriteTarget.Where(
                    TestingWriter.database(database), new TableName("public", "u")),
                new WriteTarget.WrittenColumns(
                    List.of(
                        new TargetColumn("id", "uuid"),
                        new TargetColumn("flag", "boolean"),
                        new TargetColumn("note", "text")),
                    List.of("id")),
                WriteTarget.Conflict.of(""),
                Operation.COMPARE_AND_SET,
                new WriteTarget.Timeouts(
                    Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ZERO),
                RejectionRules.STRICT),
            TestingWriter.APPLICATION_NAME);
  }

  @AfterEach
  void drop() throws SQLException {
    writer.close();
    database.close();
  }

  /** Capitals on purpose: the server prints the key otherwise. */
  private static String id(String last) {
    return "00000000-0000-0000-0000-00000000000" + last;
  }

  private void write(Object[]... rows) throws SQLException {
    Batch batch = writer.newBatch();
    for (Object[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        batch.add(i, row[i]);
      }
    }
    writer.write(batch);
  }

  private static Object[] row(Object... values) {
    return values;
  }

  @Test
  void bothColumnsAreSetInOneUpdate() throws SQLException {
    write(row(id("A"), true, "new", false, null));

    assertThat(database.rows("SELECT flag, note FROM writes"))
        .containsExactly(List.of(true, "new"));
    assertThat(writer.counts().changed()).isOne();
    assertThat(writer.counts().leftKeys()).isEmpty();
  }

  @Test
  void nullIsAValueLikeAnyOther() throws SQLException {
    write(row(id("A"), null, "x", false, null));
    write(row(id("A"), true, null, null, "x"));

    assertThat(database.rows("SELECT flag, note FROM writes"))
        .containsExactly(Arrays.asList(null, "x"), Arrays.asList(true, null));
  }

  @Test
  void rowThatNoLongerHoldsWhatWasReadIsLeftAndNamed() throws SQLException {
    database.execute(
        "UPDATE u SET note = 'theirs' WHERE id = '" + id("b") + "'",
        "DELETE FROM u WHERE id = '" + id("c") + "'",
        "DELETE FROM writes");
    write(
        row(id("A"), true, "ours", false, null),
        row(id("B"), true, "ours", false, null),
        row(id("C"), true, "ours", false, null),
        row(id("D"), true, "ours", true, null));

    assertThat(writer.counts().rows()).isEqualTo(4);
    assertThat(writer.counts().changed()).isOne();
    assertThat(writer.counts().left()).isEqualTo(3);
    assertThat(writer.counts().leftKeys())
        .containsExactly(List.of(id("B")), List.of(id("C")), List.of(id("D")));
    assertThat(database.rows("SELECT note FROM u ORDER BY id"))
        .containsExactly(List.of("ours"), List.of("theirs"), Arrays.asList((Object) null));
  }
}
