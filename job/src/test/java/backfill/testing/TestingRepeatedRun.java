package backfill.testing;

import backfill.cli.CommandLineJob;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/**
 * Runs one command line of the job twice in one JVM and one SparkSession, as a notebook or a server
 * would; each report gets the number of its run behind the name. A main class, for the benchmark.
 */
public final class TestingRepeatedRun {
  private static final int RUNS = 2;

  private TestingRepeatedRun() {}

  /** The command line, with {@code --report FILE} in it. */
  public static void main(String[] arguments) {
    SparkSession spark = SparkSession.builder().getOrCreate();
    int code = 0;
    for (int run = 1; run <= RUNS; run++) {
      List<String> words = Arrays.asList(arguments.clone());
      int report = words.indexOf("--report") + 1;
      words.set(report, words.get(report) + "." + run);
      TestingHeap.forgetPeak();
      code =
          Math.max(
              code,
              CommandLineJob.run(
                  System.getenv(), System.out, System.err, words.toArray(String[]::new)));
      System.out.println(TestingHeap.line());
    }
    spark.stop();
    System.exit(code);
  }
}
