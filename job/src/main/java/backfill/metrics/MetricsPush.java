package backfill.metrics;

import backfill.plan.Endpoint;
import backfill.plan.Settings;
import backfill.report.Report;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Sends the metrics of a run at its end to where the settings say, to all at the same time, and
 * gives up soon: what is not sent is a warning. The two formats are small; the libraries that write
 * them would bring some twenty others.
 */
final class MetricsPush {
  /** The value of the header by which a server knows us. */
  private static final String AUTHORIZATION = "BACKFILL_METRICS_AUTHORIZATION";

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** Of a run that was asked to stop, and is to be gone soon. */
  private static final Duration SHORT = Duration.ofSeconds(1);

  private final Settings.Metrics to;
  private final Optional<String> authorization;

  MetricsPush(Settings.Metrics to, Map<String, String> environment) {
    this.to = to;
    this.authorization =
        Optional.ofNullable(environment.get(AUTHORIZATION))
            .map(String::strip)
            .filter(value -> !value.isEmpty());
  }

  private record Sent(String key, Endpoint to, CompletableFuture<HttpResponse<Void>> answer) {}

  void send(Report report, Map<RunMetric, List<Sample>> all, Consumer<String> warn) {
    if (to.push().isEmpty() && to.otlp().isEmpty()) {
      return;
    }
    Duration patience = report.stopped() ? SHORT : PATIENCE;
    long end = System.nanoTime() + patience.toNanos();
    Map<String, HttpRequest> requests = new LinkedHashMap<>();
    to.push()
        .ifPresent(
            gateway ->
                requests.put(
                    Settings.Metrics.PUSH,
                    request(gateway.at(group(gateway, report)), PrometheusText.CONTENT_TYPE)
                        .PUT(HttpRequest.BodyPublishers.ofString(PrometheusText.of(all)))
                        .build()));
    to.otlp()
        .ifPresent(
            collector ->
                requests.put(
                    Settings.Metrics.OTLP,
                    request(
                            collector.path().isEmpty()
                                ? collector.at(OtlpJson.PATH)
                                : collector.address(),
                            OtlpJson.CONTENT_TYPE)
                        .POST(HttpRequest.BodyPublishers.ofString(OtlpJson.of(report, all)))
                        .build()));
    HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    List<Sent> sent = new ArrayList<>();
    requests.forEach(
        (key, request) ->
            sent.add(
                new Sent(
                    key,
                    (key.equals(Settings.Metrics.PUSH) ? to.push() : to.otlp()).orElseThrow(),
                    client.sendAsync(request, HttpResponse.BodyHandlers.discarding()))));
    sent.forEach(
        each ->
            problem(each, end - System.nanoTime(), patience)
                .ifPresent(
                    why ->
                        warn.accept(
                            "%s: the run's metrics did not reach %s: %s"
                                .formatted(each.key(), each.to(), why))));
  }

  /** A run of a plan takes the place of the one before it. */
  private static String group(Endpoint gateway, Report report) {
    return gateway.path()
        + "/metrics/job/backfill/plan/"
        + report.about().plan().name()
        + "/command/"
        + report.about().command();
  }

  private HttpRequest.Builder request(URI address, String contentType) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address).timeout(PATIENCE).header("Content-Type", contentType);
    authorization.ifPresent(value -> request.header("Authorization", value));
    return request;
  }

  private static Optional<String> problem(Sent sent, long nanos, Duration patience) {
    try {
      int status = sent.answer().get(Math.max(1, nanos), TimeUnit.NANOSECONDS).statusCode();
      return status / 100 == 2 ? Optional.empty() : Optional.of("it answered " + status);
    } catch (TimeoutException e) {
      sent.answer().cancel(true);
      return Optional.of("no answer within " + patience.toSeconds() + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("the run was interrupted");
    } catch (ExecutionException e) {
      return Optional.of(
          e.getCause() instanceof HttpTimeoutException
              ? "no answer within " + patience.toSeconds() + " s"
              : e.getCause().getClass().getSimpleName());
    }
  }
}
