package backfill.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The command line of {@code job/bin/bench}. Exit codes: 0, 1 for a problem, 2 for a mistake in it.
 */
@CommandLine.Command(
    name = "bench",
    description = {
      "Times plans at the size of a large installation beside the best that one would write by hand.",
      "Each runs on a fresh copy of the same data, on an embedded PostgreSQL or that of BACKFILL_URL,"
          + " whose user must be a superuser. Both must end with the same rows."
    },
    sortOptions = false)
final class Bench implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "CASE",
      arity = "0..*",
      description =
          "a plan, or defectdojo-S1, -S2, -S3; without any, the plans of Coder and GitLab")
  private List<String> names = List.of();

  @Option(
      names = "--scale",
      paramLabel = "FACTOR",
      defaultValue = "1",
      description = "of the rows of a large Coder or GitLab, as in 0.01; default ${DEFAULT-VALUE}")
  private double scale;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "1",
      description = "how often each is timed, in turn; the median counts; default ${DEFAULT-VALUE}")
  private int rounds;

  @Option(
      names = "--peer",
      paramLabel = "NAME",
      description =
          "this one alone, at any scale; repeatable. Otherwise all that end within minutes")
  private List<String> peers = List.of();

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "passed on to the job; repeatable")
  private List<String> settings = List.of();

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "where the figures go; default job/target/bench/bench.json")
  private Path json;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "prints this")
  private boolean help;

  /** The case of this name. */
  static BenchCase named(String name) {
    return all()
        .filter(bench -> bench.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no case " + name + "; there are " + names()));
  }

  private static List<String> names() {
    return all().map(BenchCase::name).toList();
  }

  private static Stream<BenchCase> all() {
    return Stream.concat(Cases.all().stream(), DefectDojoCases.all().stream());
  }

  /** The launcher names the checkout in the property {@code bench.checkout}. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Bench()).execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    List<BenchCase> cases = chosen();
    Path checkout = Path.of(System.getProperty("bench.checkout", ""));
    Path directory = Files.createDirectories(checkout.resolve("job/target/bench"));
    List<String> options = new ArrayList<>();
    settings.forEach(setting -> options.addAll(List.of("--set", setting)));
    BenchRun.Ways ways =
        new BenchRun.Ways(
            List.of(checkout.resolve("job/bin/backfill").toString()), options, directory);
    List<BenchResult> results = new ArrayList<>();
    Map<String, Object> figures = new LinkedHashMap<>();
    try (BenchServer server = BenchServer.choose(System.getenv())) {
      figures.put("server", server.settings());
      figures.put("processors", Runtime.getRuntime().availableProcessors());
      figures.put("results", results);
      for (BenchCase bench : cases) {
        results.add(new BenchRun(server, bench, scale, ways).run(peers, rounds));
        System.out.println(results.get(results.size() - 1).text());
        write(json == null ? directory.resolve("bench.json") : json, figures);
      }
    }
    return results.stream().allMatch(result -> result.problems().isEmpty()) ? 0 : 1;
  }

  private List<BenchCase> chosen() {
    if (!(scale > 0) || rounds < 1) {
      throw refused(
          "expected --scale above 0 and --runs of at least 1, got " + scale + " and " + rounds);
    }
    try {
      List<BenchCase> cases =
          names.isEmpty() ? Cases.all() : names.stream().map(Bench::named).toList();
      cases.forEach(bench -> peers.forEach(bench::peer));
      return cases;
    } catch (IllegalArgumentException e) {
      throw refused(e.getMessage());
    }
  }

  private CommandLine.ParameterException refused(String why) {
    return new CommandLine.ParameterException(spec.commandLine(), why);
  }

  private static void write(Path file, Map<String, Object> figures) throws Exception {
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    Files.writeString(file, mapper.writeValueAsString(figures) + "\n");
  }
}
