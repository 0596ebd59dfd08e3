package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingEndpoint;
import backfill.testing.TestingGrants;
import backfill.testing.TestingJvm;
import backfill.testing.TestingProcess;
import backfill.testing.TestingPrometheus;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a run tells of itself in numbers, to Spark's metrics system and to servers of a test. */
class MetricsTest {
  private static final String STEP = "{command=run, plan=counted, step=pairs}";
  private static final String RUN = "{command=run, plan=counted}";

  @Test
  void areSentAtTheEndAsTheReportHasThem() throws Exception {
    try (TestingGrants there = TestingGrants.of(20, 30);
        TestingEndpoint gateway = TestingEndpoint.answering(202);
        TestingEndpoint collector = TestingEndpoint.answering(200)) {
      Map<String, String> environment = new HashMap<>(there.database.environment());
      environment.put("BACKFILL_METRICS_AUTHORIZATION", "Bearer hidden");
      TestingRun run =
          TestingRun.of(
              environment,
              "run",
              there.plan("counted"),
              "--set",
              "metrics.push=" + gateway.url() + "/behind/",
              "--set",
              "metrics.otlp=" + collector.url());

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.warnings()).isEmpty();
      assertThat(gateway.received()).hasSize(1);
      TestingEndpoint.Received pushed = gateway.received().get(0);
      assertThat(pushed.method()).isEqualTo("PUT");
      assertThat(pushed.path()).isEqualTo("/behind/metrics/job/backfill/plan/counted/command/run");
      assertThat(pushed.contentType()).isEqualTo("text/plain; version=0.0.4; charset=utf-8");
      assertThat(pushed.authorization()).isEqualTo("Bearer hidden");
      TestingPrometheus metrics = TestingPrometheus.parsed(pushed.body());
      assertThat(run.inserted()).isPositive();
      for (String written : List.of("planned", "written", "inserted")) {
        assertThat(metrics.value("backfill_rows_" + written + "_total", STEP))
            .isEqualTo(run.inserted());
      }
      assertThat(metrics.value("backfill_rows_rejected_total", STEP)).isZero();
      assertThat(metrics.value("backfill_rows_missing", STEP)).isZero();
      assertThat(metrics.value("backfill_rows_read_total", STEP))
          .isEqualTo(sum(run.step().path("read")));
      assertThat(metrics.value("backfill_run_exit_code", RUN)).isZero();
      assertThat(metrics.value("backfill_run_duration_seconds", RUN)).isPositive();
      assertThat(metrics.value("backfill_rows_per_second", RUN)).isPositive();
      assertThat(metrics.types())
          .containsEntry("backfill_lock_wait_seconds_total", "counter")
          .containsEntry("backfill_rows_missing", "gauge")
          .doesNotContainKey("backfill_remaining_seconds");

      assertThat(collector.received()).hasSize(1);
      TestingEndpoint.Received told = collector.received().get(0);
      assertThat(told.method() + " " + told.path()).isEqualTo("POST /v1/metrics");
      assertThat(told.contentType()).isEqualTo("application/json");
      assertThat(told.authorization()).isEqualTo("Bearer hidden");
      assertSame(run, metrics, new ObjectMapper().readTree(told.body()));
      assertThat(run.said() + run.report()).doesNotContain("hidden");
    }
  }

  private static double sum(JsonNode rows) {
    double sum = 0;
    for (JsonNode each : rows) {
      sum += each.path("rows").isNumber() ? each.path("rows").asLong() : each.asLong();
    }
    return sum;
  }

  /** Each point of the one is one of the other. */
  private static void assertSame(TestingRun run, TestingPrometheus metrics, JsonNode otlp) {
    JsonNode resource = otlp.path("resourceMetrics").path(0);
    assertThat(attributes(resource.path("resource").path("attributes")))
        .containsEntry("service.name", "backfill")
        .containsEntry("service.instance.id", run.runId());
    Map<String, Double> points = new HashMap<>();
    for (JsonNode metric : resource.path("scopeMetrics").path(0).path("metrics")) {
      String name = metric.path("name").asText();
      boolean counter = name.endsWith("_total");
      JsonNode data = metric.path(counter ? "sum" : "gauge");
      if (counter) {
        assertThat(data.path("aggregationTemporality").asInt()).isEqualTo(2);
        assertThat(data.path("isMonotonic").asBoolean()).isTrue();
      }
      assertThat(metric.path("unit").asText()).isNotEmpty();
      for (JsonNode point : data.path("dataPoints")) {
        assertThat(point.path("timeUnixNano").isTextual()).isTrue();
        assertThat(point.path("timeUnixNano").asText()).matches("\\d{19}");
        points.put(
            name + new TreeMap<>(attributes(point.path("attributes"))),
            point.has("asInt")
                ? Double.valueOf(point.path("asInt").textValue())
                : (Double) point.path("asDouble").doubleValue());
      }
    }
    assertThat(points).isEqualTo(metrics.values());
  }

  private static Map<String, String> attributes(JsonNode list) {
    Map<String, String> attributes = new HashMap<>();
    list.forEach(
        each ->
            attributes.put(
                each.path("key").asText(), each.path("value").path("stringValue").textValue()));
    return attributes;
  }

  @Test
  void whereNoneTakesThemTheRunEndsAsItDidAndSaysSo() throws Exception {
    try (TestingGrants there = TestingGrants.of(5, 5);
        TestingEndpoint gateway = TestingEndpoint.answering(503);
        TestingEndpoint collector = TestingEndpoint.answering(0)) {
      TestingRun run =
          TestingRun.of(
              there.database.environment(),
              "run",
              there.plan("counted"),
              "--set",
              "metrics.push=" + gateway.url() + "/key-of-ours",
              "--set",
              "metrics.otlp=" + collector.url() + "/key-of-ours");

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.warnings())
          .containsExactly(
              "metrics.push: the run's metrics did not reach "
                  + gateway.url()
                  + ": it answered 503",
              "metrics.otlp: the run's metrics did not reach "
                  + collector.url()
                  + ": no answer within 5 s");
      assertThat(run.said()).contains("it answered 503").doesNotContain("key-of-ours");
      assertThat(collector.received())
          .extracting(each -> each.path())
          .containsExactly("/key-of-ours");

      TestingRun failed =
          TestingRun.of(
              there.database.environment(),
              "run",
              there.plan("counted"),
              "--set",
              "limits.pairs-for-one-user=0",
              "--set",
              "metrics.push=http://127.0.0.1:" + freePort());
      assertThat(failed.code()).as(failed.said()).isZero();
      assertThat(failed.warnings()).singleElement().asString().contains(": ConnectException");
    }
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Test
  void areOnTheDriversPageWhileTheRunLasts() throws Exception {
    try (TestingGrants there = TestingGrants.of(20, 60);
        Connection holder = there.database.connection()) {
      // A writer tells Spark how far it is with every hundredth row: it is held in its second
      // batch.
      holder.createStatement().execute("SELECT pg_advisory_lock(7)");
      there.beforeEachBatch("IF n > 1 THEN PERFORM pg_advisory_xact_lock(7); END IF;");
      int port = freePort();
      List<String> words =
          TestingJvm.words(
              "-Dspark.master=local[2]",
              "-Dspark.ui.enabled=true",
              "-Dspark.ui.port=" + port,
              "-Dspark.metrics.namespace=backfill",
              "-Dspark.metrics.conf.*.sink.prometheusServlet.class=org.apache.spark.metrics.sink.PrometheusServlet",
              "-Dspark.metrics.conf.*.sink.prometheusServlet.path=/metrics/prometheus");
      words.add("backfill.Main");
      words.addAll(
          List.of(
              TestingRun.words(there.plan("counted"), "--set", "write.statement-timeout=10 min")));
      try (TestingProcess job = TestingProcess.start(words, there.database.environment())) {
        job.await(there, "it waits", "EXISTS (SELECT 1" + TestingGrants.BLOCKED + ")");
        TestingPrometheus shown = get(port);
        while (count(shown, "rows_written_total") == 0) {
          assertThat(job.isAlive()).as(job.said()).isTrue();
          Thread.sleep(100);
          shown = get(port);
        }
        assertThat(count(shown, "rows_written_total")).isEqualTo(there.rows()).isPositive();
        assertThat(count(shown, "rows_planned_total")).isEqualTo(1200);
        assertThat(count(shown, "rows_read_total")).isGreaterThanOrEqualTo(1200);
        assertThat(count(shown, "rows_rejected_total")).isZero();
        assertThat(gauge(shown, "run_start_timestamp_seconds")).isGreaterThan(1.7e9);
        assertThat(gauge(shown, "lock_wait_seconds_total")).isNotNull();
        assertThat(gauge(shown, "stalled_seconds")).isNotNegative();
        assertThat(gauge(shown, "rows_per_second")).isPositive();
        assertThat(gauge(shown, "remaining_seconds")).isNotNull();
        assertThat(gauge(shown, "replica_lag_seconds")).isNaN();
        holder.createStatement().execute("SELECT pg_advisory_unlock(7)");
        TestingRun run = job.end();
        assertThat(run.code()).as(run.said()).isZero();
        assertThat(run.warnings()).isEmpty();
      }
    }
  }

  private static Double count(TestingPrometheus shown, String name) {
    return shown.value("metrics_backfill_driver_backfill_" + name + "_Count", "{type=counters}");
  }

  private static Double gauge(TestingPrometheus shown, String name) {
    return shown.value("metrics_backfill_driver_backfill_" + name + "_Number", "{type=gauges}");
  }

  private static TestingPrometheus get(int port) throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + port + "/metrics/prometheus/"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return TestingPrometheus.parsed(answer.body());
  }
}
