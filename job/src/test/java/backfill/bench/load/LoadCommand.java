package backfill.bench.load;

import backfill.bench.BenchCase;
import backfill.bench.Launch;
import backfill.bench.load.Application.Load;
import backfill.bench.load.LoadRun.Times;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code job/bin/bench load}. */
@Command(
    name = "bench load",
    description = {
      "Measures an application beside the main plan: what a backfill costs those who use the database meanwhile.",
      "Its clients read pairs and members, log in, edit products, add and remove members, in the tables that are read"
          + " and filled, at random moments and at a fixed rate. A transaction's latency counts from when it was due. The"
          + " server has one processor, job and application another, where the machine has taskset."
    },
    footer = {
      "",
      "Each row is measured on a fresh copy of the same data: of the job, from Spark's session being ready to its end; of"
          + " the INSERT, while it runs. Medians count, and all failures. It ends with 1 where a backfill failed, a"
          + " transaction of the application failed beside the job, or its p99 was more than twice that without.",
      "The figures of the README, and the file that they are taken from:",
      "  job/bin/bench load --runs 3 --json job/src/test/resources/bench/load.json --readme README.md"
    },
    sortOptions = false)
final class LoadCommand implements Callable<Integer> {
  @Mixin private ApplicationOptions options;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "1",
      description = "how often each is measured, in turn; default ${DEFAULT-VALUE}")
  private int rounds;

  @Option(
      names = "--way",
      paramLabel = "WAY",
      description = "this one beside the application; repeatable: ${COMPLETION-CANDIDATES}")
  private List<Beside> besides = List.of();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "60",
      description = "how long it is measured without a backfill; default ${DEFAULT-VALUE}")
  private int seconds;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "where the figures go; default job/target/bench/load.json")
  private Path json;

  @Option(
      names = "--readme",
      paramLabel = "FILE",
      description = "whose table of these figures is replaced")
  private Path readme;

  @Override
  public Integer call() throws Exception {
    options.requirePositive("--runs", rounds);
    options.requirePositive("--seconds", seconds);
    BenchCase bench = options.bench();
    Load load = options.load();
    Times times = new Times(options.warm(), Duration.ofSeconds(seconds));
    Launch launch = options.launch();
    List<Beside> chosen =
        Stream.of(Beside.values())
            .filter(beside -> besides.isEmpty() || besides.contains(beside))
            .toList();
    LoadResult result;
    try (PinnedServer pinned = PinnedServer.start(System.getenv())) {
      result = new LoadRun(pinned, bench, launch, load, times).run(chosen, rounds);
    }
    Figures.write(json == null ? launch.directory().resolve("load.json") : json, result);
    System.out.print(LoadTable.of(result));
    if (readme != null) {
      Files.writeString(readme, LoadTable.replaced(Files.readString(readme), result));
    }
    return result.problems().isEmpty() && result.isReached() ? 0 : 1;
  }
}
