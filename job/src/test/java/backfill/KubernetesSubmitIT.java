package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import backfill.testing.TestingDistribution;
import backfill.testing.TestingProcess;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * The spark-submit line of {@code conf/kubernetes}, given to a spark-submit whose Kubernetes is a
 * server of the test: the driver's pod that it asks for is what the SparkApplication describes. No
 * pod runs.
 */
class KubernetesSubmitIT {
  private static final Path FILE =
      TestingCheckout.root().resolve("conf/kubernetes/sparkapplication.yaml");
  private static final String MASTER = "k8s://https://kubernetes.example.org:6443";
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void lineAsksForTheDriverOfTheSparkApplication() throws Exception {
    JsonNode application = new YAMLMapper().readTree(FILE.toFile()).path("spec");
    TestingDistribution spark = TestingDistribution.get();

    JsonNode pod = podThatIsAskedFor(spark);

    JsonNode driver = pod.path("spec").path("containers").path(0);
    assertThat(pod.path("spec").path("restartPolicy").asText()).isEqualTo("Never");
    assertThat(pod.path("spec").path("serviceAccountName"))
        .isEqualTo(application.path("driver").path("serviceAccount"));
    assertThat(driver.path("image")).isEqualTo(application.path("image"));
    assertThat(driver.path("env")).containsAll(application.path("driver").path("env"));
    List<JsonNode> words = new ArrayList<>();
    driver.path("args").forEach(words::add);
    List<JsonNode> job = new ArrayList<>();
    job.add(application.path("mainApplicationFile"));
    application.path("arguments").forEach(job::add);
    assertThat(words).endsWith(job.toArray(JsonNode[]::new));
  }

  private static JsonNode podThatIsAskedFor(TestingDistribution spark) throws Exception {
    CompletableFuture<JsonNode> pod = new CompletableFuture<>();
    HttpServer kubernetes =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    kubernetes.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          boolean asksForAPod =
              exchange.getRequestMethod().equals("POST")
                  && exchange.getRequestURI().getPath().endsWith("/namespaces/backfill/pods");
          if (asksForAPod) {
            pod.complete(JSON.readTree(body));
          }
          exchange.sendResponseHeaders(asksForAPod ? 503 : 404, -1);
          exchange.close();
        });
    kubernetes.start();
    String address = "k8s://http://127.0.0.1:" + kubernetes.getAddress().getPort();
    List<String> command = new ArrayList<>(line());
    assertThat(command).startsWith("spark-submit", "--master", MASTER);
    command.set(0, spark.program("spark-submit"));
    command.set(2, address);
    try (TestingProcess submit = TestingProcess.start(command, spark.environment())) {
      for (int i = 0; !pod.isDone() && submit.isAlive() && i < 600; i++) {
        Thread.sleep(100);
      }
      assertThat(pod).as(submit.said()).isDone();
      return pod.get(1, TimeUnit.SECONDS);
    } finally {
      kubernetes.stop(0);
    }
  }

  /** The words of the documented line, as a shell would split them. */
  private static List<String> line() throws IOException {
    List<String> words = new ArrayList<>();
    boolean goesOn = false;
    for (String comment : Files.readAllLines(FILE)) {
      String text = comment.replaceFirst("^#\\s*", "");
      if (goesOn || text.startsWith("spark-submit ")) {
        goesOn = text.endsWith("\\");
        words.addAll(List.of(text.replace("\\", "").strip().split("\\s+")));
      }
    }
    return words;
  }
}
