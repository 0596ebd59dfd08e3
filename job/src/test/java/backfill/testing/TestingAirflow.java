package backfill.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A real Airflow with the DAG of {@code conf/airflow}: API server, scheduler with its
 * LocalExecutor, DAG processor, each a process, on a SQLite database. Its home stays under the
 * build's directory, for its logs.
 */
public final class TestingAirflow implements AutoCloseable {
  private static final Path CONF = TestingCheckout.root().resolve("conf/airflow");
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(3);

  /** Most conditions ask the API server, and what it answers with is a core that the job wants. */
  private static final long PAUSE_MILLIS = 300;

  private static final Predicate<String> OURS =
      Pattern.compile("(BACKFILL|SPARK|AIRFLOW)_.*").asMatchPredicate();
  private static final List<String> SERVICES = List.of("api-server", "scheduler", "dag-processor");

  public final TestingAirflowApi api;
  final Path home = TestingCheckout.root().resolve("job/target/airflow");
  private final TestingPython python;
  private final Map<String, String> environment = new HashMap<>();
  private final List<Process> processes = new ArrayList<>();

  private TestingAirflow(TestingPython python) throws IOException {
    this.python = python;
    int port = freePort();
    api = new TestingAirflowApi(port);
    Path dags = home.resolve("dags");
    environment.put("PATH", python.path());
    environment.put("AIRFLOW_HOME", home.toString());
    environment.put(
        "BACKFILL_COMMAND", TestingCheckout.root().resolve("job/bin/backfill").toString());
    set("core", "dags_folder", dags.toString());
    set("core", "load_examples", "False");
    set("core", "dags_are_paused_at_creation", "False");
    set("core", "simple_auth_manager_all_admins", "True");
    set("core", "execution_api_server_url", "http://127.0.0.1:" + port + "/execution/");
    // Connections are encrypted with it, as in any installation: the database is searched, too.
    set("core", "fernet_key", random(32));
    set("core", "parallelism", "2");
    set("core", "default_task_retry_delay", "1");
    set("workers", "min_heartbeat_interval", "1");
    // The files stay as they are: to read them again every 30 s would take processor time alone.
    set("dag_processor", "min_file_process_interval", "3600");
    set("api", "host", "127.0.0.1");
    set("api", "port", Integer.toString(port));
    set("api", "workers", "1");
    set("api_auth", "jwt_secret", random(64));
    delete(home);
    Files.createDirectories(dags);
    for (String file : List.of("backfill_dag.py", "backfill_operator.py")) {
      Files.copy(CONF.resolve(file), dags.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Airflow as {@code conf/airflow/requirements.txt} names it; skipped where it can't be had. */
  public static TestingPython python() throws Exception {
    return python(CONF);
  }

  /** The same, as the files of another directory name it. */
  public static TestingPython python(Path directory) throws Exception {
    if (Boolean.getBoolean("airflow.skip")) {
      return TestingPython.skip("no Airflow with -Dairflow.skip=true");
    }
    return TestingPython.with(
        directory.resolve("requirements.txt"), directory.resolve("constraints.txt"));
  }

  public static TestingAirflow start() throws Exception {
    TestingAirflow airflow = new TestingAirflow(python());
    Process launched = airflow.launch();
    TestingOutcome migrated = airflow.python.run(airflow.environment, "airflow", "db", "migrate");
    if (migrated.code() != 0) {
      throw new AssertionError("airflow db migrate fails: " + migrated.said());
    }
    for (String service : SERVICES) {
      airflow.begin(service);
    }
    airflow.await("the DAG is read", airflow.api::ready);
    launched.onExit().join();
    return airflow;
  }

  /**
   * What the launcher makes when it first starts the jar it makes meanwhile, and not in a task: a
   * task that is ended would leave it to the next one. No server answers it, and it does nothing
   * else.
   */
  private Process launch() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                environment.get("BACKFILL_COMMAND"), "check", "defectdojo-authorized-users")
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("launcher.log").toFile());
    builder.environment().keySet().removeIf(OURS);
    builder
        .environment()
        .put("BACKFILL_URL", "jdbc:postgresql://127.0.0.1:" + freePort() + "/none");
    builder.environment().put("BACKFILL_USER", "none");
    return builder.start();
  }

  private void begin(String service) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(python.program("airflow").toString(), service)
            .redirectErrorStream(true)
            .redirectOutput(home.resolve(service + ".log").toFile());
    if (service.equals("scheduler")) {
      builder.command().add("--skip-serve-logs"); // the API server reads the files themselves
    }
    builder.environment().keySet().removeIf(OURS);
    builder.environment().putAll(environment);
    processes.add(builder.start());
  }

  /** Waits until a condition holds, as long as every process runs. */
  public void await(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!condition.call()) {
      for (Process process : processes) {
        if (!process.isAlive()) {
          throw new AssertionError("an Airflow process ended before " + what + ": see " + home);
        }
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("waited in vain until " + what + ": see " + home);
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  /**
   * Whether the scheduler has noticed that an attempt of a task is over, or waits for somebody: an
   * answer that comes before that makes it begin the task again.
   */
  public boolean scheduled(String run, String task) throws IOException {
    return Files.readString(home.resolve("scheduler.log"))
        .contains("TaskInstance Finished: dag_id=backfill, task_id=" + task + ", run_id=" + run);
  }

  /** The JVM of the job that a task runs now, once there is one. */
  public ProcessHandle job() throws Exception {
    await("a task has started the job", () -> jobs().findAny().isPresent());
    return jobs().findAny().orElseThrow();
  }

  private Stream<ProcessHandle> jobs() {
    return processes.stream()
        .flatMap(Process::descendants)
        .filter(process -> commandLine(process).contains("\0backfill.Main\0"));
  }

  /** A process's words, each ended by a zero byte; empty where it has just gone. */
  public static String commandLine(ProcessHandle process) {
    return read("/proc/" + process.pid() + "/cmdline");
  }

  /** A process's variables, each ended by a zero byte. */
  public static String variables(ProcessHandle process) {
    return read("/proc/" + process.pid() + "/environ");
  }

  private static String read(String file) {
    try {
      return new String(Files.readAllBytes(Path.of(file)), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  /** The files below its home that hold this text: logs, configuration and the database. */
  public List<String> filesWith(String text) throws IOException {
    try (Stream<Path> all = Files.walk(home)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> latin(file).contains(text))
          .map(file -> home.relativize(file).toString())
          .toList();
    }
  }

  private static String latin(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void set(String section, String key, String value) {
    environment.put(("airflow__" + section + "__" + key).toUpperCase(Locale.ROOT), value);
  }

  private static String random(int bytes) {
    byte[] random = new byte[bytes];
    new SecureRandom().nextBytes(random);
    return Base64.getUrlEncoder().encodeToString(random);
  }

  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  private static void delete(Path directory) throws IOException {
    if (Files.exists(directory)) {
      try (Stream<Path> files = Files.walk(directory)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }

  @Override
  public void close() {
    List<ProcessHandle> all =
        processes.stream()
            .flatMap(process -> Stream.concat(Stream.of(process.toHandle()), process.descendants()))
            .toList();
    all.forEach(ProcessHandle::destroyForcibly);
    processes.forEach(process -> process.onExit().join());
  }
}
