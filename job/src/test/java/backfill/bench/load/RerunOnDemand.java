package backfill.bench.load;

import backfill.cli.CommandLineJob;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import org.apache.spark.sql.SparkSession;

/**
 * Runs one command line of the job in one JVM and one SparkSession whenever a line comes on
 * standard input, and says after each what it left: {@code RERUN exit-code heap-bytes}. So a leak
 * has a process to grow in.
 */
public final class RerunOnDemand {
  /** What a line that tells of a rerun begins with. */
  static final String MARK = "RERUN ";

  private RerunOnDemand() {}

  /** The command line. */
  public static void main(String[] arguments) throws Exception {
    SparkSession spark = SparkSession.builder().getOrCreate();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    while (in.readLine() != null) {
      int code = CommandLineJob.run(System.getenv(), System.out, System.err, arguments);
      System.out.println(MARK + code + " " + heapBytes());
    }
    spark.stop();
  }

  /** Swept twice: what the first one finds to be cleaned is gone with the second. */
  private static long heapBytes() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
