package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TestingTables;
import backfill.postgres.server.Database;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StoredValuesTest {

  /** One in a literal is a character, and one outside it an operator of PostgreSQL's. */
  @Test
  void questionMarksOfAConditionStayWhatTheyAre() throws Exception {
    try (TestingDatabase testing = TestingPostgres.shared().createDatabase()) {
      testing.execute("CREATE TABLE t (a int PRIMARY KEY, note text, tags jsonb)");
      Database database =
          Database.fromEnvironment(
              "BACKFILL", testing.environment(), java.time.Duration.ofSeconds(5));
      Table table = TestingTables.table(database, "t");
      String sql =
          StoredValues.asking(
              table.name(),
              table.columns(),
              Map.of(),
              List.of("a"),
              "note = 'why?' AND tags ? 'x?' -- or not?");
      try (StoredValues values = new StoredValues(database, "test", sql)) {
        StoredValues.Answer answer =
            values.ask(
                List.of(
                    new String[] {"1", "why?", "{\"x?\": 1}"},
                    new String[] {"2", "why??", "{\"x?\": 1}"},
                    new String[] {"3", "why?", "{\"x??\": 1}"}));
        assertThat(answer.rows().keySet()).containsExactly(0);
        assertThat(answer.refused()).isEmpty();
      }
    }
  }
}
