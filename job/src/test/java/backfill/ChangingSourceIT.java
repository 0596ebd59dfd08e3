package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDistribution;
import backfill.testing.TestingGrants;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import backfill.testing.TestingSubmittedDojo;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A source that changes between the reads of its partitions, by the spark-submit of a Spark as it
 * is installed. Before 4.2 Spark's JDBC source has no fetch size of its own, and without one it
 * leaves the transaction, and with it the snapshot, before it reads.
 */
class ChangingSourceIT {
  private static final long LOCK = 4711;

  @TempDir Path directory;

  @Test
  void runWritesWhatWasThereWhenItBeganToRead() throws Exception {
    TestingDistribution spark = TestingDistribution.get();
    try (TestingGrants there = TestingGrants.of(20, 200).widen();
        Connection other = there.database.connection();
        Statement statement = other.createStatement()) {
      there.database.execute(
          "CREATE TABLE before AS SELECT object_id, user_id FROM member",
          "CREATE TABLE copies (LIKE access INCLUDING ALL)",
          "CREATE FUNCTION held() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN"
              + " PERFORM pg_advisory_xact_lock_shared(%d); RETURN true; END $$".formatted(LOCK));
      statement.execute("SELECT pg_advisory_lock(" + LOCK + ")");
      TestingRun run;
      try (TestingProcess job = TestingProcess.start(submit(spark), there.database.environment())) {
        job.await(
            there,
            "the first range was begun",
            "count(*) > 0" + TestingGrants.SESSIONS + " AND wait_event = 'advisory'");
        statement.execute("DELETE FROM member WHERE object_id % 2 = 0");
        statement.execute("UPDATE member SET user_id = user_id + 1000 WHERE object_id % 3 = 0");
        statement.execute("INSERT INTO member SELECT 100 + o, o FROM generate_series(1, 70) o");
        statement.execute("SELECT pg_advisory_unlock(" + LOCK + ")");
        run = job.end();
      }

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.report().path("steps")).hasSize(2);
      for (JsonNode step : run.report().path("steps")) {
        assertThat(step.path("addedMeanwhile").asLong())
            .isEqualTo(surplus(there, "member", "before"))
            .isGreaterThan(70);
        assertThat(step.path("revokedMeanwhile").asLong())
            .isEqualTo(surplus(there, "before", "member"))
            .isGreaterThan(2000);
      }
      for (String target : List.of("access", "copies")) {
        assertThat(surplus(there, target, "before")).as("rows of %s too many", target).isZero();
        assertThat(surplus(there, "before", target)).as("rows of %s missing", target).isZero();
      }
    }
  }

  /** Pairs of the one table that the other has not. */
  private static long surplus(TestingGrants there, String one, String other) throws SQLException {
    return there.database.count(
        "SELECT count(*) FROM (SELECT object_id, user_id FROM %s EXCEPT SELECT object_id, user_id FROM %s) p"
            .formatted(one, other));
  }

  /** One task at a time, so that no range is begun before the first is read. */
  private List<String> submit(TestingDistribution spark) throws Exception {
    Path plan = directory.resolve("changing.conf");
    Files.writeString(
        plan,
        """
        name = changing
        sources.member = { table = member, where = "held()" }
        steps = [
          { name = pairs, kind = pairs
            direct = [{ from = member, object = object_id, user = user_id }]
            into   = { table = access, object = object_id, user = user_id } }
          { name = rows, kind = rows, mode = insert-missing
            query = "SELECT object_id, user_id FROM member"
            into  = { table = copies, key = [object_id, user_id] } }
        ]
        """);
    return List.of(
        spark.program("spark-submit"),
        "--master",
        "local[1]",
        "--driver-java-options",
        spark.jvm(),
        "--class",
        "backfill.Main",
        TestingSubmittedDojo.JAR,
        "run",
        plan.toString(),
        "--report",
        "-");
  }
}
