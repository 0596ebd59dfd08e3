package backfill.spark.query;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.spark.engine.EngineSettings;
import backfill.spark.engine.KeptInSpark;
import backfill.testing.TestingSpark;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart;
import org.junit.jupiter.api.Test;

/** Rows under a name, as Spark's own temporary views are. */
class NamedRowsTest {
  private final SparkSession session = EngineSettings.newSession(TestingSpark.session());

  private Dataset<Row> numbers(String what) {
    return session.sql("SELECT id AS n, '%s' AS what FROM range(3)".formatted(what));
  }

  @Test
  void areWhatQueriesOfTheirSessionFindUnderTheName() {
    NamedRows.name(numbers("old"), "some");
    Dataset<Row> before = session.sql("SELECT what FROM SOME WHERE n = 2");
    NamedRows.name(numbers("new"), "Some");
    NamedRows.name(session.sql("SELECT * FROM some WHERE n > 0"), "fewer");

    assertThat(before.first().getString(0)).isEqualTo("old");
    assertThat(session.sql("SELECT what FROM some WHERE n = 2").first().getString(0))
        .isEqualTo("new");
    assertThat(session.sql("SELECT * FROM fewer a JOIN fewer b USING (n)").count()).isEqualTo(2);
    assertThat(EngineSettings.newSession(session).catalog().tableExists("fewer")).isFalse();
    assertThat(session.catalog().dropTempView("fewer")).isTrue();
    assertThat(session.catalog().tableExists("fewer")).isFalse();
  }

  @Test
  void thatAreKeptAreReadFromThere() {
    try (KeptInSpark kept = new KeptInSpark()) {
      NamedRows.name(kept.keep(numbers("kept")), "once");
      assertThat(session.sql("SELECT n FROM once").queryExecution().executedPlan().toString())
          .contains("Scan backfill.spark.engine.KeptRows@");
      NamedRows.name(session.table("once"), "once more");
      assertThat(session.table("`once more`").queryExecution().executedPlan().toString())
          .contains("Scan backfill.spark.engine.KeptRows@");
    }
  }

  /** Which before a session has warmed up takes longer than most queries over few rows. */
  @Test
  void areNoCommandThatIsPlannedAndDescribed() throws Exception {
    SqlStarts starts = new SqlStarts();
    session.sparkContext().addSparkListener(starts);
    try {
      NamedRows.name(numbers("quiet"), "quiet");
      assertThat(session.table("quiet").count()).isEqualTo(3);
      session.sparkContext().listenerBus().waitUntilEmpty();
    } finally {
      session.sparkContext().removeSparkListener(starts);
    }
    assertThat(starts.seen).isOne();
  }

  private static final class SqlStarts extends SparkListener {
    private int seen;

    @Override
    public void onOtherEvent(SparkListenerEvent event) {
      if (event instanceof SparkListenerSQLExecutionStart) {
        seen++;
      }
    }
  }
}
