package backfill.bench;

import backfill.bench.Goal.Direction;
import backfill.spark.pairs.InMemoryStage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The same grants flattened in several ways, each in a JVM of its own that does it twice; nothing
 * is written.
 *
 * @param part the database of the grants, where they are in one
 */
record FlattenCase(
    String name, Optional<BenchCase.Part> part, List<Flattening> ways, List<Goal> goals) {
  static final String COLD = ", cold";
  static final String WARM = ", warm";

  private static final String STAGE = "the job's stages";
  private static final String JOIN = "Spark, join and distinct";
  private static final String SETS = "the job's sets, two threads";

  private static final String MEMORY = "SPARK_DRIVER_MEMORY";

  /** What the goal leaves to the heap. */
  private static final int HEAP_MEBIBYTES = 716;

  FlattenCase {
    ways = List.copyOf(ways);
    goals = List.copyOf(goals);
  }

  /**
   * One way.
   *
   * @param program what is started, or nothing for the job's own verify, which reads, flattens and
   *     compares with the empty target
   */
  record Flattening(String name, Optional<Program> program, Map<String, String> environment) {}

  /**
   * A main class that prints a {@link FlattenRound} each time.
   *
   * @param inSpark whether the launcher starts it
   * @param jvmOptions beside the launcher's
   */
  record Program(Class<?> main, boolean inSpark, String jvmOptions) {}

  static List<FlattenCase> all() {
    return List.of(s3(), s4());
  }

  private static FlattenCase s3() {
    return new FlattenCase(
        "flatten-S3",
        Optional.of(DefectDojoCases.largest()),
        List.of(
            new Flattening(STAGE, Optional.empty(), Map.of()),
            new Flattening(
                JOIN,
                Optional.of(new Program(SparkFlatten.class, true, Ways.PLAIN_JVM)),
                // Where it has less, it spends its time on spilling and collecting.
                Map.of(MEMORY, "8g"))),
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
        List.of(
            new Flattening(SETS, Optional.of(new Program(InMemoryFlatten.class, false, "")), heap),
            new Flattening(STAGE, Optional.of(new Program(InMemoryStage.class, true, "")), heap)),
        List.of(
            Goal.seconds(SETS + COLD, 3),
            Goal.seconds(STAGE + COLD, 5),
            Goal.heapBytes(SETS + COLD, (long) HEAP_MEBIBYTES << 20),
            Goal.heapBytes(STAGE + COLD, (long) HEAP_MEBIBYTES << 20)));
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
