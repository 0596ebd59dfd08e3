package backfill.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/** A Spark application of another's, in a process of its own, which writes by the connector. */
public final class TestingSinkWrite {
  private TestingSinkWrite() {}

  /**
   * Starts it with OpenLineage's listener, which comes first on its class path: that has an older
   * client of its own in it.
   *
   * @param table that gets the keys 1 to 10 in its column id
   * @param events where the listener sends what it saw
   */
  public static TestingProcess watched(
      Map<String, String> environment, String table, TestingEndpoint events) throws IOException {
    List<String> places =
        Stream.of(System.getProperty("java.class.path").split(":"))
            .map(place -> Path.of(place).toAbsolutePath().toString())
            .toList();
    String classPath =
        String.join(
            ":",
            Stream.concat(
                    places.stream().filter(TestingSinkWrite::isListener),
                    places.stream().filter(place -> !isListener(place)))
                .toList());
    List<String> words =
        new ArrayList<>(
            TestingJvm.wordsOn(
                classPath,
                "-Dspark.master=local[1]",
                "-Dspark.sql.shuffle.partitions=1",
                "-Dspark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener",
                "-Dspark.openlineage.transport.type=http",
                "-Dspark.openlineage.transport.url=" + events.url()));
    words.addAll(List.of(TestingSinkWrite.class.getName(), table));
    return TestingProcess.start(words, environment);
  }

  private static boolean isListener(String place) {
    return place.contains("openlineage-spark");
  }

  public static void main(String[] arguments) throws IOException {
    try (SparkSession spark = SparkSession.builder().appName("another").getOrCreate()) {
      spark
          .range(1, 11)
          .write()
          .format("backfill")
          .option("dbtable", arguments[0])
          .mode("append")
          .save();
    }
  }
}
