package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * The tables of one shipped plan in databases of their own: small, filled, and with a copy of what
 * the targets held at the beginning. What a run must make of them is asked of the server, in SQL
 * that the job does not know.
 */
public abstract class TestingFaultedTables implements AutoCloseable {
  /** The columns that an {@code ALTER TABLE} of others adds meanwhile. */
  static final String UNRELATED = "unrelated";

  public final TestingDatabase database;
  private final TestingFaultedPlan plan;

  TestingFaultedTables(TestingFaultedPlan plan, TestingDatabase database) {
    this.plan = plan;
    this.database = database;
  }

  public final TestingFaultedPlan plan() {
    return plan;
  }

  /** What the job is given to find the databases. */
  public Map<String, String> environment() {
    return database.environment();
  }

  /** The databases that a run has sessions in. */
  Collection<TestingDatabase> databases() {
    return List.of(database);
  }

  /** Keeps what the targets hold now. */
  final void begin() throws SQLException {
    for (TestingFaultedPlan.Target target : plan.targets()) {
      database.execute("CREATE TABLE before_%1$s AS SELECT * FROM %1$s".formatted(target.table()));
    }
  }

  /** The same tables and rows in databases of their own, by the names that the plan knows. */
  Map<String, TestingDatabase> copies(TestingPostgres server) throws SQLException {
    return Map.of(plan.plan, server.copy(database));
  }

  /** A query of how many rows of each step's target have changed since the beginning. */
  String changed() {
    return String.join(
        " UNION ALL ",
        plan.targets().stream()
            .map(
                target ->
                    """
                    SELECT '%s', count(*) FROM %2$s t FULL JOIN before_%2$s b USING (%3$s)
                    WHERE to_jsonb(t) - '%4$s' IS DISTINCT FROM to_jsonb(b)"""
                        .formatted(
                            target.step(),
                            target.table(),
                            String.join(", ", target.key()),
                            UNRELATED))
            .toList());
  }

  /** A query of what the sources justify and the targets do not hold, a text for each row. */
  abstract String missing();

  /** A query of what the targets hold that was not there before and nothing justifies. */
  abstract String surplus();

  /** The targets hold what the rules say, and nothing else that was not there before. */
  public final void assertRight(String after) throws Exception {
    assertComplete(after);
    assertThat(database.rows(surplus())).as(after + ": held and not justified").isEmpty();
  }

  /** The targets hold all that the sources justify. */
  void assertComplete(String after) throws Exception {
    assertThat(database.rows(missing())).as(after + ": justified and not held").isEmpty();
  }

  @Override
  public void close() throws SQLException {
    database.close();
  }
}
