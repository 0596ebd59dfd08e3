package backfill;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A standalone master and two workers of one core each, as processes of this machine. The workers
 * have addresses of their own: Spark starts no second copy of a task on a host that has the first.
 */
final class TestingCluster implements AutoCloseable {
  private static final String MASTER_HOST = "127.0.0.1";
  private static final List<String> WORKER_HOSTS = List.of("127.0.0.1", "127.0.0.2");

  private final Path home;
  private final String sparkClassPath;
  private final String url;
  private final List<JobProcess> processes = new ArrayList<>();

  private TestingCluster() throws IOException {
    home = Files.createTempDirectory("backfill-spark");
    sparkClassPath =
        Files.readString(Checkout.root().resolve("job/target/spark.classpath")).strip();
    Path jars = Files.createDirectory(home.resolve("jars"));
    for (String jar : sparkClassPath.split(":")) {
      Files.createSymbolicLink(jars.resolve(Path.of(jar).getFileName()), Path.of(jar));
    }
    jarOfClasses();
    url = "spark://" + MASTER_HOST + ":" + freePort();
  }

  static TestingCluster start() throws IOException {
    TestingCluster cluster = new TestingCluster();
    String port = cluster.url.substring(cluster.url.lastIndexOf(':') + 1);
    cluster.daemon(
        MASTER_HOST, "master.Master", "--host", MASTER_HOST, "--port", port, "--webui-port", "0");
    for (String host : WORKER_HOSTS) {
      cluster.daemon(
          host,
          "worker.Worker",
          "--host",
          host,
          "--cores",
          "1",
          "--memory",
          "1g",
          "--webui-port",
          "0",
          "--work-dir",
          cluster.home.resolve("work-" + host).toString(),
          cluster.url);
    }
    return cluster;
  }

  /** Submits a run in client mode, with these settings of Spark. */
  JobProcess run(
      Map<String, String> environment, String plan, Map<String, String> spark, String... options)
      throws IOException {
    List<String> command = JobProcess.java(sparkClassPath);
    command.addAll(
        List.of(
            "org.apache.spark.deploy.SparkSubmit",
            "--properties-file",
            Checkout.root().resolve("conf/spark-defaults.conf").toString(),
            "--master",
            url,
            "--conf",
            "spark.driver.host=" + MASTER_HOST,
            "--conf",
            "spark.executor.memory=512m"));
    spark.forEach((key, value) -> command.addAll(List.of("--conf", key + "=" + value)));
    command.addAll(List.of("--jars", libraries(), "--class", "backfill.Main", jobJar().toString()));
    command.addAll(List.of(JobRun.words(plan, options)));
    return JobProcess.start(command, environment(environment, MASTER_HOST));
  }

  /** The JVMs that run tasks now. */
  List<ProcessHandle> executors() {
    return processes.stream()
        .flatMap(JobProcess::children)
        .filter(process -> process.info().commandLine().orElse("").contains("ExecutorBackend"))
        .toList();
  }

  private void daemon(String host, String name, String... words) throws IOException {
    List<String> command = JobProcess.java(sparkClassPath);
    command.add("org.apache.spark.deploy." + name);
    command.addAll(List.of(words));
    processes.add(JobProcess.start(command, environment(Map.of(), host)));
  }

  private Map<String, String> environment(Map<String, String> job, String host) {
    Map<String, String> environment = new HashMap<>(job);
    environment.put("SPARK_HOME", home.toString());
    environment.put("SPARK_LOCAL_IP", host);
    return environment;
  }

  private Path jobJar() {
    return home.resolve("backfill.jar");
  }

  /** What the job's jar has beside our classes once it is packaged. */
  private static String libraries() {
    return Stream.of(System.getProperty("java.class.path").split(":"))
        .filter(jar -> jar.matches(".*/(postgresql|config|picocli)-[0-9.]+\\.jar"))
        .collect(Collectors.joining(","));
  }

  private void jarOfClasses() throws IOException {
    Path classes = Checkout.root().resolve("job/target/classes");
    try (OutputStream file = Files.newOutputStream(jobJar());
        JarOutputStream jar = new JarOutputStream(file);
        Stream<Path> all = Files.walk(classes)) {
      for (Path one : all.filter(Files::isRegularFile).toList()) {
        jar.putNextEntry(new JarEntry(classes.relativize(one).toString()));
        Files.copy(one, jar);
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(MASTER_HOST))) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() throws IOException {
    executors().forEach(ProcessHandle::destroyForcibly);
    for (JobProcess process : processes) {
      process.close();
    }
    try (Stream<Path> files = Files.walk(home)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (UncheckedIOException e) {
      // A process that is just ending removed one of its own.
    }
  }
}
