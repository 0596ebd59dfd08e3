package backfill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
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
    try (Socket client = new Socket(HERE, proxy.port())) {
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
    try (Socket client = new Socket(HERE, proxy.port())) {
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

  @Test
  void clientIsTurnedAwayWhereNoServerIs() throws Exception {
    echo.close();

    try (Socket client = new Socket(HERE, proxy.port())) {
      InputStream in = client.getInputStream();
      assertThat(in.read()).isEqualTo(-1);
    }
  }
}
