package backfill.bench.load;

import backfill.bench.BenchCase;
import backfill.bench.BenchWords;
import backfill.bench.DefectDojoCases;
import backfill.bench.Launch;
import backfill.bench.load.Application.Load;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The words that {@code load} and {@code soak} share: how large, how busy, and the job's own. */
final class ApplicationOptions {
  private static final long SEED = 20_240_101;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Parameters(
      paramLabel = "CASE",
      arity = "0..1",
      defaultValue = "defectdojo-S2",
      description = "defectdojo-S1, -S2 or -S3 of job/bin/bench; default ${DEFAULT-VALUE}")
  private String name;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "300",
      description = "the application's transactions a second; default ${DEFAULT-VALUE}")
  private double perSecond;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "8",
      description = "its connections; default ${DEFAULT-VALUE}")
  private int clients;

  @Option(
      names = "--warm",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description = "how long it runs before anything is measured; default ${DEFAULT-VALUE}")
  private int warm;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "passed on to the job; repeatable")
  private List<String> settings = List.of();

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "prints this")
  private boolean help;

  Launch launch() throws IOException {
    return Launch.ofCheckout(settings);
  }

  BenchCase bench() {
    return DefectDojoCases.all().stream()
        .filter(bench -> bench.name().equals(name) && name.matches("defectdojo-S[0-9]"))
        .findFirst()
        .orElseThrow(
            () ->
                BenchWords.refused(
                    spec, "expected defectdojo-S1, defectdojo-S2 or defectdojo-S3, got " + name));
  }

  Load load() {
    if (!(perSecond > 0) || clients < 1 || clients > 40) {
      throw BenchWords.refused(
          spec,
          "expected --rate above 0 and --clients of 1 to 40, got " + perSecond + " and " + clients);
    }
    return new Load(perSecond, clients, SEED);
  }

  Duration warm() {
    requirePositive("--warm", warm);
    return Duration.ofSeconds(warm);
  }

  void requirePositive(String option, int value) {
    if (value < 1) {
      throw BenchWords.refused(spec, "expected " + option + " of at least 1, got " + value);
    }
  }
}
