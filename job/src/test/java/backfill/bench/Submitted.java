package backfill.bench;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.deploy.SparkSubmit;

/**
 * Stands between the job's launcher and spark-submit, and starts another main class than the job's:
 * the launcher's JVM, its options and what it tells Spark stay as they are.
 */
public final class Submitted {
  private Submitted() {}

  /**
   * What makes the launcher start it: its options for the JVM stand last, right before the main
   * class.
   *
   * @param classPath begins with the launcher's own, so that its archive of Spark's classes holds
   */
  public static String jvmOptions(String classPath, Class<?> main) {
    return "-cp " + classPath + " " + Submitted.class.getName() + " " + main.getName();
  }

  /** Arguments: the main class, then the launcher's own words for the JVM. */
  public static void main(String[] arguments) {
    List<String> words = Arrays.asList(arguments).subList(2, arguments.length);
    words.set(words.indexOf("--class") + 1, arguments[0]);
    SparkSubmit.main(words.toArray(String[]::new));
  }
}
