package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.cli.CommandLineJob;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingLog;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.logging.log4j.Level;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Spark's pages call the jobs of a run: the stage's word, and the step or the source. */
class JobDescriptionsTest {
  @TempDir Path directory;

  /** Hears of every job as it starts, on Spark's own thread. */
  private static final class Jobs extends SparkListener {
    private final Queue<String> groups = new ConcurrentLinkedQueue<>();
    private final Queue<String> descriptions = new ConcurrentLinkedQueue<>();

    @Override
    public void onJobStart(SparkListenerJobStart job) {
      Properties properties = job.properties();
      groups.add(String.valueOf(properties.getProperty("spark.jobGroup.id")));
      descriptions.add(String.valueOf(properties.getProperty("spark.job.description")));
    }
  }

  @Test
  void everyJobOfARunHasItsStageForAGroup() throws Exception {
    Path plan = directory.resolve("p.conf");
    Files.writeString(
        plan,
        """
        name = described
        sources.member = member
        steps = [
          { name = people, kind = pairs
            direct = [{ from = member, object = team, user = person }]
            into = { table = sees, object = team, user = person } }
        ]
        """);
    Jobs jobs = new Jobs();
    var context = TestingSpark.session().sparkContext();
    try (TestingDatabase database = TestingPostgres.shared().createDatabase();
        TestingLog log = new TestingLog(Level.INFO);
        PrintStream nowhere =
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8)) {
      database.execute(
          "CREATE TABLE member (team bigint, person bigint)",
          "INSERT INTO member VALUES (1, 1)",
          "CREATE TABLE sees (team bigint, person bigint, PRIMARY KEY (team, person))");
      context.listenerBus().waitUntilEmpty();
      context.addSparkListener(jobs);
      int code =
          CommandLineJob.run(database.environment(), nowhere, nowhere, "run", plan.toString());
      context.listenerBus().waitUntilEmpty();
      assertThat(code).as("%s", log.texts()).isZero();
    } finally {
      context.removeSparkListener(jobs);
      context.clearJobGroup();
    }

    assertThat(jobs.groups).isNotEmpty().isSubsetOf("read", "flatten", "diff", "write", "verify");
    assertThat(jobs.descriptions).contains("read member", "diff people", "write people");
  }
}
