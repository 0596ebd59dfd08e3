package backfill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each way takes its time, many bytes take no more than one, and none is lost. */
@Timeout(30)
class DelayingProxyTest {
  private static final Duration EACH_WAY = Duration.ofMillis(20);
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private static final int PATIENCE_MILLIS = 30_000;

  private ServerSocket echo;
  private DelayingProxy proxy;

  @BeforeEach
  void start() throws Exception {
    echo = new ServerSocket(0, 5, HERE);
    Thread answering = new Thread(this::answer);
    answering.setDaemon(true);
    answering.start();
    proxy = DelayingProxy.to(HERE.getHostAddress(), echo.getLocalPort(), EACH_WAY);
  }

  @AfterEach
  void stop() throws Exception {
    proxy.close();
    echo.close();
  }

  private void answer() {
    while (!echo.isClosed()) {
      try (Socket one = echo.accept()) {
        one.getInputStream().transferTo(one.getOutputStream());
      } catch (Exception e) {
        // The test sees what it does not get back.
      }
    }
  }

  @Test
  void answerComesLaterByBothWays() throws Exception {
    try (Socket client = client(proxy)) {
      for (int i = 0; i < 3; i++) {
        long began = System.nanoTime();
        client.getOutputStream().write(i);
        assertThat(client.getInputStream().read()).isEqualTo(i);
        assertThat(Duration.ofNanos(System.nanoTime() - began))
            .isBetween(EACH_WAY.multipliedBy(2), EACH_WAY.multipliedBy(2).plusSeconds(2));
      }
    }
  }

  /** 16 MiB are 256 chunks: one after the other, each with its delays, they would take 10 s. */
  @Test
  void bytesOnTheWayDoNotWaitForEachOther() throws Exception {
    byte[] sent = new byte[16 << 20];
    new Random(1).nextBytes(sent);
    try (Socket client = client(proxy)) {
      long began = System.nanoTime();
      CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> send(client, sent));
      byte[] received = client.getInputStream().readAllBytes();
      sending.join();

      assertThat(Arrays.equals(received, sent)).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
    }
  }

  private static void send(Socket client, byte[] bytes) {
    try {
      OutputStream out = client.getOutputStream();
      out.write(bytes);
      client.shutdownOutput();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** A server that waited for a client while it was closed might still let this one in. */
  @Test
  void clientIsTurnedAwayWhereNoServerIs() throws Exception {
    int port;
    try (ServerSocket gone = new ServerSocket(0, 5, HERE)) {
      port = gone.getLocalPort();
    }

    try (DelayingProxy toNone = DelayingProxy.to(HERE.getHostAddress(), port, EACH_WAY);
        Socket client = client(toNone)) {
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
  }

  /** A read that waits for ever is not interrupted by the test's own limit. */
  private static Socket client(DelayingProxy of) throws IOException {
    Socket client = new Socket(HERE, of.port());
    client.setSoTimeout(PATIENCE_MILLIS);
    return client;
  }
}
