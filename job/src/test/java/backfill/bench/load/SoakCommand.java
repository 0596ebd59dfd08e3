package backfill.bench.load;

import backfill.bench.BenchCase;
import backfill.bench.Launch;
import backfill.bench.Submitted;
import backfill.bench.load.Application.Load;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code job/bin/bench soak}. */
@Command(
    name = "bench soak",
    description = {
      "Reruns the main plan in one process beside the application of bench load, and looks after each rerun at the"
          + " memory of the job, connections that are left, the ledger's size and rows, and size and dead rows of what is"
          + " filled.",
      "Each is flat if the median of the last third of the reruns is at most a tenth above that of the first, and NOT FLAT"
          + " otherwise. The ledger keeps as many idle runs as it may keep at least (ledger.keep-runs=20)."
    },
    footer = {
      "",
      "It ends with 1 where something grew or a transaction of the application failed."
    },
    sortOptions = false)
final class SoakCommand implements Callable<Integer> {
  /** Spark recalls a thousand jobs, which take a hundred reruns to come together. */
  private static final String SHORT_MEMORY =
      " --conf spark.ui.retainedJobs=50 --conf spark.ui.retainedStages=50"
          + " --conf spark.ui.retainedTasks=500 --conf spark.sql.ui.retainedExecutions=50";

  /** What idle runs leave in the ledger is all there before the first third is over. */
  static final int KEEP_RUNS = 20;

  @Mixin private ApplicationOptions options;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      defaultValue = "20",
      description = "how long; default ${DEFAULT-VALUE}")
  private int minutes;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "where the figures go; default job/target/bench/soak.json")
  private Path json;

  @Override
  public Integer call() throws Exception {
    options.requirePositive("--minutes", minutes);
    BenchCase bench = options.bench();
    Load load = options.load();
    Launch launch = options.launch();
    List<String> command = new ArrayList<>(launch.job());
    command.addAll(List.of("run", bench.plan(), "--set", "ledger.keep-runs=" + KEEP_RUNS));
    command.addAll(launch.options());
    Map<String, String> environment =
        Map.of(
            "BACKFILL_SUBMIT_ARGS",
            LoadRun.TASKS + SHORT_MEMORY,
            "BACKFILL_JVM_OPTIONS",
            Submitted.jvmOptions(launch.classPath(), RerunOnDemand.class));
    SoakResult result;
    try (PinnedServer pinned = PinnedServer.start(System.getenv())) {
      result =
          new SoakRun(pinned, bench, launch, load)
              .run(Duration.ofMinutes(minutes), command, environment);
    }
    Figures.write(json == null ? launch.directory().resolve("soak.json") : json, result);
    System.out.print(SoakTable.of(result));
    return result.isFlat() && result.failures().isEmpty() ? 0 : 1;
  }
}
