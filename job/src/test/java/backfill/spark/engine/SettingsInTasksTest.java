package backfill.spark.engine;

import static org.apache.spark.sql.functions.broadcast;
import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingSpark;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.SQLConf;
import org.junit.jupiter.api.Test;

/** The settings of a session in tasks; these run in this JVM. */
class SettingsInTasksTest {
  private static final Set<String> SEEN = ConcurrentHashMap.newKeySet();

  @Test
  void holdWhereRowsAreBroadcastForElementsToo() {
    SparkSession session = EngineSettings.newSession(TestingSpark.session());
    session.conf().set("spark.sql.adaptive.enabled", "false");
    session.conf().set("spark.sql.codegen.factoryMode", "NO_CODEGEN");
    Dataset<Row> told =
        session
            .createDataset(List.of(1L, 2L), Encoders.LONG())
            .map(
                (MapFunction<Long, Long>)
                    number -> {
                      SEEN.add(SQLConf.get().getConfString("spark.sql.codegen.factoryMode", "-"));
                      return number;
                    },
                Encoders.LONG())
            .toDF("id");
    Dataset<Row> rows = session.range(5).toDF().join(broadcast(told), "id");

    assertThat(SettingsInTasks.elements(rows).map(row -> row.getLong(0)).collect())
        .containsExactlyInAnyOrder(1L, 2L);
    assertThat(SEEN).containsExactly("NO_CODEGEN");
  }
}
