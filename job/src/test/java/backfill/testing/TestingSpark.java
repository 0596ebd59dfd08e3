package backfill.testing;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Properties;
import org.apache.spark.sql.SparkSession;

/**
 * The one SparkSession of the test JVM: two threads, UTC, and otherwise the settings that the
 * launcher gives.
 */
public final class TestingSpark {
  private static final String PAGE = "spark.buffer.pageSize";

  private static SparkSession session;

  static {
    // Of the JVM, because a broadcast asks no session. With Spark's own 64 MB half of a test's time
    // was the collector's.
    System.setProperty(PAGE, "1m");
  }

  private TestingSpark() {}

  /** Started on first use, and again after a test of a whole command, which stops it at its end. */
  public static synchronized SparkSession session() {
    if (session == null || session.sparkContext().isStopped()) {
      SparkSession.Builder builder = SparkSession.builder().appName("backfill tests");
      Properties defaults = defaults();
      defaults.stringPropertyNames().forEach(key -> builder.config(key, defaults.getProperty(key)));
      session =
          builder
              .master("local[2]")
              .config("spark.ui.enabled", "false")
              // Of every task's closure, a block is made in full.
              .config("spark.broadcast.blockSize", "64k")
              // Else each session has class loaders of its own, and each run compiles every query
              // anew.
              .config("spark.sql.artifact.isolation.enabled", "false")
              .config("spark.sql.shuffle.partitions", "2")
              .config("spark.sql.session.timeZone", "UTC")
              .config(
                  "spark.sql.warehouse.dir",
                  TestingCheckout.root().resolve("job/target/warehouse").toUri().toString())
              .getOrCreate();
    }
    // Else Spark walks the stack for each RDD and each job, which is deep here.
    session.sparkContext().setLocalProperty("callSite.short", "a test");
    session.sparkContext().setLocalProperty("callSite.long", "");
    return session;
  }

  /** Spark's file format is that of properties: key, blanks, value. */
  private static Properties defaults() {
    Properties defaults = new Properties();
    try (Reader file =
        Files.newBufferedReader(TestingCheckout.root().resolve("conf/spark-defaults.conf"))) {
      defaults.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return defaults;
  }
}
