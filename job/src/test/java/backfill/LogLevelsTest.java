package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import java.io.FileInputStream;
import java.io.InputStream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.properties.PropertiesConfigurationFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What of Spark's own log an operator sees, by the configuration that the launcher gives. */
class LogLevelsTest {

  @ParameterizedTest
  @CsvSource({
    // Much that is as it should be.
    "org.apache.spark.sql.execution.window.WindowExec, ERROR",
    "org.apache.spark.sql.execution.CacheManager, ERROR",
    "org.apache.spark.sql.catalyst.util.SparkStringUtils, ERROR",
    "org.apache.spark.scheduler.DAGScheduler, ERROR",
    "org.apache.spark.storage.memory.MemoryStore, ERROR",
    "org.apache.spark.metrics.MetricsSystem, ERROR",
    "org.apache.hadoop.util.NativeCodeLoader, ERROR",
    // Nothing goes on until somebody acts.
    "org.apache.spark.scheduler.TaskSchedulerImpl, WARN",
    "org.apache.spark.scheduler.cluster.k8s.ExecutorPodsAllocator, WARN",
    "org.apache.spark.deploy.client.StandaloneAppClient$ClientEndpoint, WARN",
    "org.apache.spark.HeartbeatReceiver, WARN",
    // The run says it itself.
    "org.apache.spark.executor.Executor, OFF",
    "org.apache.spark.scheduler.TaskSetManager, OFF",
    "org.apache.spark.SparkContext, OFF",
    "backfill.spark.pairs.GrantSets, INFO",
    "org.postgresql.Driver, WARN"
  })
  void loggerHasTheLevel(String logger, String level) throws Exception {
    try (InputStream file =
        new FileInputStream(TestingCheckout.root().resolve("conf/log4j2.properties").toFile())) {
      Configuration configuration =
          new PropertiesConfigurationFactory()
              .getConfiguration(
                  (LoggerContext) LogManager.getContext(false), new ConfigurationSource(file));
      configuration.initialize();

      assertThat(configuration.getLoggerConfig(logger).getLevel()).hasToString(level);
    }
  }
}
