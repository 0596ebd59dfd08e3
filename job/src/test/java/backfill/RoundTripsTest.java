package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDojo;
import backfill.testing.TestingRun;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How often preflight asks a server: each time is a round trip, and a server may be far away. */
class RoundTripsTest {
  /** By the server's own count, with what each of some ten sessions begins with. */
  private static final long STATEMENTS_OF_A_CHECK = 200;

  @Test
  void checkOfElevenTablesAsksByKindAndNotByTable() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      there.database.execute("CREATE EXTENSION pg_stat_statements");
      TestingRun check = there.run("check");
      assertThat(check.code()).as(check.said()).isZero();
      assertThat(
              there.database.count(
                  """
                  SELECT sum(calls)::bigint FROM pg_stat_statements
                  WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND toplevel AND query !~ 'pg_stat_statements'
                  """))
          .isLessThan(STATEMENTS_OF_A_CHECK);
      assertThat(
              there.database.rows(
                  """
                  SELECT calls FROM pg_stat_statements
                  WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND query LIKE '%has_column_privilege(a.attrelid%'
                  """))
          .as("the rights of targets, and those of sources")
          .singleElement()
          .isEqualTo(List.of(2L));
    }
  }
}
