package backfill.postgres.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.report.ExitCodeTest;
import backfill.testing.TestingDojo;
import backfill.testing.TestingExporterEnds;
import backfill.testing.TestingRun;
import backfill.testing.TestingSpark;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The transaction that exported the snapshot ends before everything is read. */
class LostSnapshotTest {

  @Test
  void nothingIsWrittenAndTheMessageNamesStepAndSnapshot() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      there.dojo.productMember("p1", "u1", "Reader").globalRoleUser("u1", "Owner");
      List<List<Object>> before = there.trace();
      TestingExporterEnds ends = new TestingExporterEnds(there.database);
      TestingSpark.session().sparkContext().addSparkListener(ends);
      TestingRun run;
      try {
        // The ledger would be new tables of its own.
        run = there.run("run", "--set", "ledger=off");
      } finally {
        TestingSpark.session().sparkContext().removeSparkListener(ends);
      }

      assertThat(ends.ended()).isEqualTo(1);
      assertThat(run.code()).as(run.said()).isEqualTo(4);
      assertThat(there.trace()).isEqualTo(before);
      Matcher snapshot = Pattern.compile("read: snapshot (\\S+) at").matcher(run.said());
      assertThat(snapshot.find()).as(run.said()).isTrue();
      assertThat(run.report().path("error").path("message").asText())
          .contains("snapshot " + snapshot.group(1));
      assertThat(run.report().path("error").path("step").asText()).isEqualTo("product-users");
      assertThat(run.report().path("error").path("retryable").asBoolean()).isTrue();
      assertThat(run.said()).contains("read product-users failed: ");
      ExitCodeTest.assertClear(run);
    }
  }
}
