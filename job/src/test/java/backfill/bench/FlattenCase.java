package backfill.bench;

import backfill.bench.Goal.Direction;
import backfill.spark.pairs.InMemoryStage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The same grants flattened in several ways, each in a JVM of its own; nothing is written.
 *
 * @param part the database of the grants, where they are in one
 * @param plan what the job is told of them: a plan, or a resource that is one, and options
 * @param notRun why there is nothing of another way
 */
record FlattenCase(
    String name,
    Optional<BenchCase.Part> part,
    List<String> plan,
    List<Flattening> ways,
    Map<String, String> notRun,
    List<Goal> goals) {
  static final String COLD = ", cold";
  static final String WARM = ", warm";

  private static final String STAGE = "the job's stages";
  private static final String JOIN = "Spark, join and distinct";
  private static final String SETS = "the job's sets, two threads";
  private static final String FIXPOINT = "Spark, join to a fixed point";
  private static final String LEVELS = "the job's stages, five levels";
  private static final String RECURSIVE = "recursive query, work_mem 1 GB";

  private static final List<String> NESTED_PLAN = List.of("/bench/nested-groups.conf");

  private static final String MEMORY = "SPARK_DRIVER_MEMORY";

  /** What the goal leaves to the heap. */
  private static final int HEAP_MEBIBYTES = 716;

  FlattenCase {
    plan = List.copyOf(plan);
    ways = List.copyOf(ways);
    notRun = new TreeMap<>(notRun);
    goals = List.copyOf(goals);
  }

  /**
   * One way.
   *
   * @param program what is started, or nothing for the job's own verify, which reads, flattens and
   *     compares with the empty target
   * @param rounds how often it does it: the first time is cold, the second one warm
   * @param plan what the job is told instead of the case's plan; empty where that is meant
   */
  record Flattening(
      String name,
      Optional<Program> program,
      Map<String, String> environment,
      int rounds,
      List<String> plan) {

    Flattening(String name, Optional<Program> program, Map<String, String> environment) {
      this(name, program, environment, FlattenRound.ROUNDS, List.of());
    }

    /** A program that does it so many times. */
    Flattening(String name, Program program, Map<String, String> environment, int rounds) {
      this(name, Optional.of(program), environment, rounds, List.of());
    }

    /** The job's own verify of another plan over the same data. */
    static Flattening ofPlan(String name, List<String> plan) {
      return new Flattening(name, Optional.empty(), Map.of(), FlattenRound.ROUNDS, plan);
    }
  }

  /**
   * A main class that prints a {@link FlattenRound} each time.
   *
   * @param inSpark whether the launcher starts it
   * @param jvmOptions beside the launcher's
   */
  record Program(Class<?> main, boolean inSpark, String jvmOptions) {}

  /** The same without other ways than the job's own, where none is asked for. */
  FlattenCase chosen(List<String> asked) {
    if (!asked.contains(Ways.NONE)) {
      return this;
    }
    Map<String, String> left = new TreeMap<>(notRun);
    ways.stream()
        .filter(way -> way.program().isPresent())
        .forEach(way -> left.put(way.name(), "not asked for"));
    return new FlattenCase(
        name,
        part,
        plan,
        ways.stream().filter(way -> way.program().isEmpty()).toList(),
        left,
        goals);
  }

  static List<FlattenCase> all() {
    return List.of(s3(), s4(), nestedBesideOthers(), nested());
  }

  private static FlattenCase s3() {
    return new FlattenCase(
        "flatten-S3",
        Optional.of(DefectDojoCases.largest()),
        List.of(
            "defectdojo-authorized-users",
            "--only",
            "product-users",
            "--only",
            "product-type-users"),
        List.of(
            new Flattening(STAGE, Optional.empty(), Map.of()),
            new Flattening(
                JOIN,
                Optional.of(new Program(SparkFlatten.class, true, Ways.PLAIN_JVM)),
                // Where it has less, it spends its time on spilling and collecting.
                Map.of(MEMORY, "8g"))),
        Map.of(),
        List.of(
            Goal.ratio(JOIN + COLD, STAGE + COLD, Direction.AT_LEAST, 5),
            Goal.ratio(JOIN + WARM, STAGE + WARM, Direction.AT_LEAST, 8),
            Goal.memory(STAGE + WARM, JOIN + WARM, 0.25)));
  }

  private static FlattenCase s4() {
    Map<String, String> heap = Map.of(MEMORY, HEAP_MEBIBYTES + "m");
    return new FlattenCase(
        "flatten-S4",
        Optional.empty(),
        List.of(),
        List.of(
            new Flattening(SETS, Optional.of(new Program(InMemoryFlatten.class, false, "")), heap),
            new Flattening(STAGE, Optional.of(new Program(InMemoryStage.class, true, "")), heap)),
        Map.of(),
        List.of(
            Goal.seconds(SETS + COLD, 3),
            Goal.seconds(STAGE + COLD, 5),
            Goal.heapBytes(SETS + COLD, (long) HEAP_MEBIBYTES << 20),
            Goal.heapBytes(STAGE + COLD, (long) HEAP_MEBIBYTES << 20)));
  }

  /** Groups in groups, a tenth of them: at this size the others end within minutes. */
  private static FlattenCase nestedBesideOthers() {
    return new FlattenCase(
        "nested-100K",
        Optional.of(groups(100_000)),
        NESTED_PLAN,
        List.of(
            new Flattening(STAGE, Optional.empty(), Map.of()),
            Flattening.ofPlan(LEVELS, List.of("/bench/nested-levels.conf")),
            new Flattening(RECURSIVE, new Program(RecursiveFlatten.class, false, ""), Map.of(), 1),
            new Flattening(
                FIXPOINT,
                new Program(FixpointFlatten.class, true, Ways.PLAIN_JVM),
                Map.of(MEMORY, "4g"),
                1)),
        Map.of(),
        List.of(
            Goal.ratio(LEVELS + COLD, STAGE + COLD, Direction.AT_MOST, 1.5),
            Goal.ratio(LEVELS + WARM, STAGE + WARM, Direction.AT_MOST, 1.5),
            Goal.ratio(RECURSIVE + COLD, STAGE + COLD, Direction.AT_LEAST, 20),
            Goal.ratio(FIXPOINT + COLD, STAGE + COLD, Direction.AT_LEAST, 20)));
  }

  private static FlattenCase nested() {
    String smaller = "not run at this size; nested-100K compares at a tenth of it";
    return new FlattenCase(
        "nested-1M",
        Optional.of(groups(1_000_000)),
        NESTED_PLAN,
        List.of(new Flattening(STAGE, Optional.empty(), Map.of(MEMORY, "4g"))),
        Map.of(RECURSIVE, smaller, FIXPOINT, smaller),
        List.of(Goal.heapBytes(STAGE + COLD, 4L << 30)));
  }

  private static BenchCase.Part groups(int groups) {
    return new BenchCase.Part(
        Cases.MAIN,
        "nested",
        "/bench/nested-tables.sql",
        List.of("nested-large"),
        Map.of("groups", groups));
  }

  /** The words that start a program in Java alone. */
  static List<String> java(Class<?> main) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + HEAP_MEBIBYTES + "m");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    return command;
  }
}
