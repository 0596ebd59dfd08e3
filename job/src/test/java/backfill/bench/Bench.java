package backfill.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
      "Each way runs in turn, on a fresh copy of the same data and in a process of its own, on an embedded PostgreSQL"
          + " or that of BACKFILL_URL, whose user must be a superuser. All must end with the same rows."
    },
    footer = {
      "",
      "Seconds are, of the job and of a peer in Spark, from the start of the launcher to the exit code; of other peers"
          + " without the start of Java or Python, and without what is prepared beforehand. Ratios are to the job's first"
          + " run. The median counts, in each column by itself: statements that name a table of the databases (with"
          + " pg_stat_statements), the most memory that the process held, its own processor time, the server's WAL; and of"
          + " rows touched and of values drawn from sequences, the most.",
      "Rows \"backfill run, ...\" are parts of that run, by its report; \"less verify\" is the whole process without the"
          + " stage verify, which cannot be switched off. A rerun finds what was written before, vacuumed.",
      "",
      "Figures are compared on a server like this one, on the same machine:",
      "  initdb -D DIRECTORY -U postgres; settings fsync = on, synchronous_commit = on, shared_buffers = 1GB,",
      "  max_wal_size = 8GB, jit = off, max_connections = 50, shared_preload_libraries = pg_stat_statements,",
      "  pg_stat_statements.max = 50000; CREATE EXTENSION pg_stat_statements in the database of BACKFILL_URL.",
      "The embedded one has the same settings. Nothing else should run meanwhile.",
      "",
      "Growth, in one driver of 2 GiB, with the processor time for a row to that of the smallest:",
      "  job/bin/bench growth-1M growth-10M growth-50M --way none",
      "Writers against the floor of as many: job/bin/bench defectdojo-S2 --set write.writers=4",
      "",
      "The figures of the README, and the file that they are taken from:",
      "  job/bin/bench defectdojo-S2 coder-prebuilds-membership coder-api-key-scopes gitlab-seat-assignments",
      "  gitlab-package-pipelines --scale 0.2 --runs 3 --json job/src/test/resources/bench/figures.json",
      "  --readme README.md",
      "",
      "An application's latency beside the main plan: job/bin/bench load --help; reruns beside it: soak --help.",
      "Django: with python3-django and python3-psycopg2 of Debian, or BENCH_PYTHON=VENV/bin/python."
    },
    sortOptions = false)
final class Bench implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "CASE",
      arity = "0..*",
      description =
          "defectdojo-S1, -S2, -S3 (85,845, 950,091 and 10,060,375 pairs), defectdojo-S2-uuid (users and products keyed by"
              + " uuid), growth-1M, -10M, -50M, skew-group (100,000 users), skew-object (a million users), flatten-S3,"
              + " flatten-S4 (a billion grants in memory), nested-1M (a million groups in groups, 20 million memberships, 326"
              + " million pairs: closed and flattened, not written), nested-100K (a tenth of it, beside a recursive query and"
              + " Spark's join), or a plan of Coder's or GitLab's; without any, these plans")
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
      names = "--way",
      paramLabel = "NAME",
      description =
          "this row alone beside the job's first run, at any scale, or none; repeatable; a case without it has the"
              + " first run alone. Otherwise all that end within minutes")
  private List<String> ways = List.of();

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
      names = "--readme",
      paramLabel = "FILE",
      description = "whose table of these figures is replaced")
  private Path readme;

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
    return Stream.concat(
            all().map(BenchCase::name), FlattenCase.all().stream().map(FlattenCase::name))
        .toList();
  }

  private static Optional<FlattenCase> flattening(String name) {
    return FlattenCase.all().stream().filter(flatten -> flatten.name().equals(name)).findFirst();
  }

  private static Stream<BenchCase> all() {
    return Stream.concat(Cases.all().stream(), DefectDojoCases.all().stream());
  }

  /** The launcher names the checkout in the property {@code bench.checkout}. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return BenchWords.of(new Bench());
  }

  @Override
  public Integer call() throws Exception {
    List<String> chosen = chosen();
    Launch launch = Launch.ofCheckout(settings);
    List<BenchResult> results = new ArrayList<>();
    Map<String, Object> figures = new LinkedHashMap<>();
    try (BenchServer server = BenchServer.choose(System.getenv())) {
      figures.put("machine", Machine.name());
      figures.put("server", server.settings());
      figures.put("processors", Runtime.getRuntime().availableProcessors());
      figures.put("results", results);
      for (String name : chosen) {
        results.add(
            flattening(name).isPresent()
                ? new FlattenRun(server, flattening(name).get().chosen(ways), launch).run(rounds)
                : new BenchRun(server, named(name), scale, launch).run(ways, rounds));
        System.out.println(BenchTable.of(results.get(results.size() - 1)));
        write(json == null ? launch.directory().resolve("bench.json") : json, figures);
      }
    }
    System.out.print(BenchTable.growth(results));
    if (readme != null) {
      JsonNode measured = new ObjectMapper().valueToTree(figures);
      Files.writeString(readme, ReadmeTable.replaced(Files.readString(readme), measured));
    }
    return results.stream().allMatch(result -> result.problems().isEmpty()) ? 0 : 1;
  }

  private List<String> chosen() {
    if (!(scale > 0) || rounds < 1) {
      throw BenchWords.refused(
          spec,
          "expected --scale above 0 and --runs of at least 1, got " + scale + " and " + rounds);
    }
    try {
      List<String> chosen =
          names.isEmpty() ? Cases.all().stream().map(BenchCase::name).toList() : names;
      List<BenchCase> compared = new ArrayList<>();
      for (String name : chosen) {
        if (flattening(name).isEmpty()) {
          compared.add(named(name));
        } else if (!List.of(Ways.NONE).containsAll(ways)) {
          throw new IllegalArgumentException(name + " has no --way: all of its are compared");
        }
      }
      ways.forEach(way -> requireWay(compared, way));
      return chosen;
    } catch (IllegalArgumentException e) {
      throw BenchWords.refused(spec, e.getMessage());
    }
  }

  /** A way that no case has would be left out without a word. */
  static void requireWay(List<BenchCase> cases, String name) {
    if (!name.equals(Ways.NONE)
        && cases.stream().noneMatch(bench -> Ways.others(bench).contains(name))) {
      throw new IllegalArgumentException(
          cases.stream()
              .map(bench -> bench.name() + " has no " + name + "; it has " + Ways.others(bench))
              .collect(Collectors.joining("; ")));
    }
  }

  private static void write(Path file, Map<String, Object> figures) throws Exception {
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    Files.writeString(file, mapper.writeValueAsString(figures) + "\n");
  }
}
