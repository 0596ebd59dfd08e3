package backfill.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A standalone master and two workers, as processes of this machine. The workers have addresses of
 * their own: Spark starts no second copy of a task on a host that has the first.
 */
public final class TestingCluster implements AutoCloseable {
  /** Settings of Spark by which a slow task soon has a second copy. */
  public static final Map<String, String> SPECULATING =
      Map.of(
          "spark.speculation", "true",
          "spark.speculation.interval", "50ms",
          "spark.speculation.multiplier", "1.1",
          "spark.speculation.quantile", "0.5",
          "spark.speculation.minTaskRuntime", "10ms",
          "spark.speculation.efficiency.enabled", "false",
          "spark.locality.wait", "0s");

  private static final String MASTER_HOST = "127.0.0.1";
  private static final List<String> WORKER_HOSTS = List.of("127.0.0.1", "127.0.0.2");
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5);

  /** Its own files: what the workers fetch and what they write down. */
  public final Path directory;

  /** What {@code --master} names. */
  public final String url;

  private final Path home;
  private final String webUi;
  private final BiFunction<TestingCluster, String, List<String>> program;
  private final Map<String, String> jvm;
  private final List<TestingProcess> processes = new ArrayList<>();

  /**
   * @param home what {@code SPARK_HOME} names; its own directory where null
   * @param program what starts one of Spark's classes
   * @param jvm the variables by which the JVMs of master and workers start
   */
  private TestingCluster(
      Path home, BiFunction<TestingCluster, String, List<String>> program, Map<String, String> jvm)
      throws IOException {
    this.directory = Files.createTempDirectory("backfill-spark");
    this.home = home == null ? directory : home;
    this.program = program;
    this.jvm = jvm;
    this.url = "spark://" + MASTER_HOST + ":" + freePort();
    this.webUi = "http://" + MASTER_HOST + ":" + freePort();
  }

  /** Of the Spark that Maven resolved, on so many cores for each worker. */
  public static TestingCluster start(int coresEach) throws IOException {
    TestingCluster cluster = new TestingCluster(null, TestingCluster::ofMaven, Map.of());
    // Workers ask for the folder, and executors find the jars by a setting.
    Files.createDirectory(cluster.directory.resolve("jars"));
    cluster.jarOfClasses();
    cluster.begin(coresEach);
    return cluster;
  }

  /** Of a Spark as it is installed, on two cores for each worker: one may be a driver's. */
  public static TestingCluster start(TestingDistribution spark) throws Exception {
    TestingCluster cluster =
        new TestingCluster(
            spark.home(),
            (any, name) -> List.of(spark.program("spark-class"), name),
            spark.environment());
    cluster.begin(2);
    return cluster;
  }

  private List<String> ofMaven(String name) {
    List<String> command = TestingJvm.wordsOfSpark(jobJar());
    command.add(name);
    return command;
  }

  private void begin(int coresEach) throws IOException {
    daemon(MASTER_HOST, "master.Master", List.of("--port", port(url), "--webui-port", port(webUi)));
    // A worker that finds no master tries again only after some ten seconds.
    awaitMaster();
    for (String host : WORKER_HOSTS) {
      daemon(
          host,
          "worker.Worker",
          List.of(
              "--cores",
              Integer.toString(coresEach),
              "--memory",
              "2g",
              "--webui-port",
              "0",
              "--work-dir",
              directory.resolve("work-" + host).toString(),
              url));
    }
  }

  private void awaitMaster() throws IOException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      try {
        new Socket(MASTER_HOST, Integer.parseInt(port(url))).close();
        return;
      } catch (ConnectException e) {
        if (!processes.get(0).isAlive() || System.nanoTime() > end) {
          throw new AssertionError("no master answers: " + processes.get(0).said(), e);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
    }
  }

  private void daemon(String host, String name, List<String> words) throws IOException {
    List<String> command = new ArrayList<>(program.apply(this, "org.apache.spark.deploy." + name));
    command.addAll(List.of("--host", host));
    command.addAll(words);
    Map<String, String> environment = environment(jvm);
    environment.put("SPARK_LOCAL_IP", host);
    processes.add(TestingProcess.start(command, environment));
  }

  private static String port(String address) {
    return address.substring(address.lastIndexOf(':') + 1);
  }

  /** Submits a run in client mode, with these settings of Spark. */
  public TestingProcess run(
      Map<String, String> environment, String plan, Map<String, String> spark, String... options)
      throws IOException {
    return run(List.of(), environment, plan, spark, options);
  }

  /**
   * The same of the Spark that Maven resolved.
   *
   * @param jvm options of the driver's JVM, which count for more than those of all tests
   */
  public TestingProcess run(
      List<String> jvm,
      Map<String, String> environment,
      String plan,
      Map<String, String> spark,
      String... options)
      throws IOException {
    List<String> command = submit(jvm, spark);
    command.addAll(List.of("--jars", libraries(), "--class", "backfill.Main", jobJar().toString()));
    command.addAll(List.of(TestingRun.words(plan, options)));
    return TestingProcess.start(command, environment(environment));
  }

  /** Submits an application of another's, of one class, beside which it has our jar. */
  public TestingProcess application(
      Class<?> application, Map<String, String> environment, String... words) throws IOException {
    Path jar = directory.resolve(application.getSimpleName() + ".jar");
    String name = application.getName().replace('.', '/') + ".class";
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file);
        InputStream code = application.getClassLoader().getResourceAsStream(name)) {
      out.putNextEntry(new JarEntry(name));
      code.transferTo(out);
    }
    List<String> command = submit(List.of(), Map.of());
    command.addAll(List.of("--jars", libraries() + "," + jobJar()));
    command.addAll(List.of("--class", application.getName(), jar.toString()));
    command.addAll(List.of(words));
    return TestingProcess.start(command, environment(environment));
  }

  private List<String> submit(List<String> jvm, Map<String, String> spark) {
    List<String> command =
        new ArrayList<>(program.apply(this, "org.apache.spark.deploy.SparkSubmit"));
    command.addAll(command.size() - 1, jvm);
    command.addAll(
        List.of(
            "--properties-file",
            TestingCheckout.root().resolve("conf/spark-defaults.conf").toString(),
            "--master",
            url,
            "--conf",
            "spark.driver.host=" + MASTER_HOST,
            "--conf",
            "spark.executor.memory=512m"));
    Map<String, String> settings = new HashMap<>(TestingJvm.ofExecutors(jobJar()));
    settings.putAll(spark);
    settings.forEach((key, value) -> command.addAll(List.of("--conf", key + "=" + value)));
    return command;
  }

  /** What the master shows there, as in {@code /json/}. */
  public String page(String path) throws IOException {
    return get(webUi + path);
  }

  /** What master and workers said so far. */
  public List<String> said() throws IOException {
    List<String> said = new ArrayList<>();
    for (TestingProcess process : processes) {
      said.add(process.said());
    }
    return said;
  }

  public static String get(String address) throws IOException {
    try (InputStream page = URI.create(address).toURL().openStream()) {
      return new String(page.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** The JVMs that run tasks now. */
  public List<ProcessHandle> executors() {
    return children().filter(process -> isA("ExecutorBackend", process)).toList();
  }

  /** Every process of its own, and the executors and drivers that these have started. */
  Stream<ProcessHandle> children() {
    return processes.stream().flatMap(TestingProcess::children);
  }

  private static boolean isA(String name, ProcessHandle process) {
    return process.info().commandLine().orElse("").contains(name);
  }

  private Map<String, String> environment(Map<String, String> job) {
    Map<String, String> environment = new HashMap<>(job);
    environment.put("SPARK_HOME", home.toString());
    return environment;
  }

  private Path jobJar() {
    return directory.resolve("backfill.jar");
  }

  /** What the job's jar has beside our classes once it is packaged. */
  private static String libraries() {
    return Stream.of(System.getProperty("java.class.path").split(":"))
        .filter(jar -> jar.matches(".*/(postgresql|config|picocli)-[0-9.]+\\.jar"))
        .collect(Collectors.joining(","));
  }

  private void jarOfClasses() throws IOException {
    Path classes = TestingCheckout.root().resolve("job/target/classes");
    try (OutputStream file = Files.newOutputStream(jobJar());
        JarOutputStream jar = new JarOutputStream(file);
        Stream<Path> all = Files.walk(classes)) {
      for (Path one : all.filter(Files::isRegularFile).toList()) {
        jar.putNextEntry(new JarEntry(classes.relativize(one).toString()));
        Files.copy(one, jar);
      }
    }
  }

  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(MASTER_HOST))) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() throws IOException {
    children().toList().forEach(ProcessHandle::destroyForcibly);
    for (TestingProcess process : processes) {
      process.close();
    }
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (UncheckedIOException e) {
      // A process that is just ending removed one of its own.
    }
  }
}
