package backfill.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An HTTP server of a test, which keeps what is sent to it, and answers as it is told. */
public final class TestingEndpoint implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final List<Received> received = new ArrayList<>();
  private final int status;

  /** What came. */
  public record Received(
      String method, String path, String contentType, String authorization, String body) {}

  private TestingEndpoint(int status) throws IOException {
    this.status = status;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::take);
    server.start();
  }

  /** One that answers so, or never where the status is 0. */
  public static TestingEndpoint answering(int status) throws IOException {
    return new TestingEndpoint(status);
  }

  private void take(HttpExchange exchange) throws IOException {
    Received one =
        new Received(
            exchange.getRequestMethod(),
            exchange.getRequestURI().toString(),
            exchange.getRequestHeaders().getFirst("Content-Type"),
            exchange.getRequestHeaders().getFirst("Authorization"),
            new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    synchronized (received) {
      received.add(one);
    }
    if (status == 0) {
      try {
        closed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return;
    }
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  /** Where it is, without a slash at its end. */
  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** What came so far. */
  public List<Received> received() {
    synchronized (received) {
      return List.copyOf(received);
    }
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
