package backfill.testing;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Stands between a client and a server on loopback, and cuts the connection at a COMMIT: before the
 * server gets it, or after it has done it and before the client hears of that.
 */
public final class TestingCommitProxy implements AutoCloseable {
  /** What becomes of a COMMIT. */
  public enum Cut {
    BEFORE_THE_SERVER,
    BEFORE_THE_ANSWER
  }

  /** As a statement of its own, and not behind others. */
  private static final Pattern COMMIT = Pattern.compile("(?<! )COMMIT\0");

  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final String host;
  private final int port;
  private final Cut cut;
  private final AtomicInteger left;
  private volatile boolean closesAfterCut;

  /**
   * @param times how many COMMITs are cut; those after them pass
   */
  public TestingCommitProxy(String host, int port, Cut cut, int times) throws IOException {
    this.host = host;
    this.port = port;
    this.cut = cut;
    this.left = new AtomicInteger(times);
    daemon(this::accept);
  }

  /** One that lets all pass until {@link #cutNext}, on the way to where this URL leads. */
  public static TestingCommitProxy to(String url, Cut cut) throws IOException {
    String[] parts = url.replaceFirst("jdbc:postgresql://", "").replaceFirst("/.*", "").split(":");
    return new TestingCommitProxy(parts[0], Integer.parseInt(parts[1]), cut, 0);
  }

  /** This URL by way of the proxy. */
  public String url(String direct) {
    return direct.replaceFirst("//[^/]+/", "//127.0.0.1:" + port() + "/");
  }

  /** From now on, cuts so many. */
  public void cutNext(int times) {
    left.set(times);
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** How many COMMITs are still to be cut. */
  public int left() {
    return left.get();
  }

  /** Once a COMMIT was cut, nobody is let in any more. */
  public void closeAfterCut() {
    closesAfterCut = true;
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        Socket server = new Socket(host, port);
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        new Pair(client, server).start();
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  /** One connection and its way on. */
  private final class Pair {
    private final Socket client;
    private final Socket server;
    private volatile boolean answersDropped;

    Pair(Socket client, Socket server) {
      this.client = client;
      this.server = server;
    }

    void start() {
      daemon(this::forth);
      daemon(this::back);
    }

    private void forth() {
      copy(client, server, this::cutsAt);
    }

    private void back() {
      copy(server, client, answer -> answersDropped);
    }

    /** The driver sends a COMMIT whole and with nothing behind it: one read brings it. */
    private boolean cutsAt(byte[] sent) {
      boolean commits = COMMIT.matcher(new String(sent, StandardCharsets.ISO_8859_1)).find();
      if (!commits || left.getAndUpdate(n -> Math.max(0, n - 1)) == 0) {
        return false;
      }
      if (closesAfterCut) {
        TestingCommitProxy.this.close();
      }
      if (cut == Cut.BEFORE_THE_ANSWER) {
        answersDropped = true;
        return false;
      }
      return true;
    }

    /** Passes on what comes, until {@code ends} says that the connection is cut here. */
    private void copy(Socket from, Socket to, Predicate<byte[]> ends) {
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        byte[] buffer = new byte[65_536];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          if (ends.test(Arrays.copyOf(buffer, n))) {
            break;
          }
          out.write(buffer, 0, n);
          out.flush();
        }
      } catch (IOException e) {
        // The other direction ended; so does this one.
      } finally {
        TestingCommitProxy.close(client);
        TestingCommitProxy.close(server);
      }
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "commit-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  private static void close(Closeable closing) {
    try {
      closing.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    close(listener);
  }
}
