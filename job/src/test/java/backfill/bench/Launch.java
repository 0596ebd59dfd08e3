package backfill.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How processes are started.
 *
 * @param job the launcher and what else stands before {@code run}
 * @param options what stands after the plan
 * @param classPath of a main class that the launcher starts instead of the job
 * @param directory where each process leaves its log and the job its report
 */
public record Launch(List<String> job, List<String> options, String classPath, Path directory) {
  private static final String WRITERS = "write.writers=";

  /**
   * Those of the checkout that {@code job/bin/bench} names in the property {@code bench.checkout}.
   *
   * @param settings of the job, as {@code --set} takes them
   */
  public static Launch ofCheckout(List<String> settings) throws IOException {
    Path checkout = Path.of(System.getProperty("bench.checkout", ""));
    List<String> options = new ArrayList<>();
    settings.forEach(setting -> options.addAll(List.of("--set", setting)));
    return new Launch(
        List.of(checkout.resolve("job/bin/backfill").toString()),
        options,
        launcherClassPath(checkout),
        Files.createDirectories(checkout.resolve("job/target/bench")));
  }

  /**
   * That of the launcher, what the tests are, and the job: what it can start instead of the job.
   */
  private static String launcherClassPath(Path checkout) throws IOException {
    Path target = checkout.resolve("job/target");
    return String.join(
        ":",
        Files.readString(target.resolve("spark.classpath")).strip(),
        target.resolve("test-classes").toString(),
        target.resolve("backfill.jar").toString());
  }

  /** How many connections the job writes with, so that the floor takes as many. */
  int writers() {
    return options.stream()
        .filter(option -> option.startsWith(WRITERS))
        .map(option -> Integer.parseInt(option.substring(WRITERS.length())))
        .reduce(2, (before, last) -> last);
  }
}
