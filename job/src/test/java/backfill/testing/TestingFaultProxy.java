package backfill.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A line between a client and a server on loopback that breaks as lines do: it is cut in the middle
 * of a stream, is slow, swallows what is sent and says nothing of it, or leads to another port.
 */
public final class TestingFaultProxy implements AutoCloseable {
  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final Set<Line> lines = ConcurrentHashMap.newKeySet();
  private final AtomicLong cutAfter = new AtomicLong(Long.MAX_VALUE);
  private final AtomicLong swallowAfter = new AtomicLong(Long.MAX_VALUE);
  private final AtomicLong cutInCopyAfter = new AtomicLong(Long.MAX_VALUE);
  private final AtomicInteger happened = new AtomicInteger();
  private volatile InetSocketAddress server;
  private volatile int delayMillis;

  /**
   * @param url where it leads
   */
  public TestingFaultProxy(String url) throws IOException {
    leadTo(url);
    daemon(this::accept);
  }

  /** From now on new connections come out there; those that are open stay where they are. */
  public void leadTo(String url) {
    String[] parts = url.replaceFirst("jdbc:postgresql://", "").replaceFirst("/.*", "").split(":");
    server = new InetSocketAddress(parts[0], Integer.parseInt(parts[1]));
  }

  /** This URL by way of the proxy. */
  public String url(String direct) {
    return direct.replaceFirst("//[^/]+/", "//127.0.0.1:" + listener.getLocalPort() + "/");
  }

  /** Once so many more bytes have passed, the connection that carries the next one is cut. */
  public void cutAfter(long bytes) {
    cutAfter.set(bytes);
  }

  /** The same, of bytes that a client sends after the word COPY. */
  public void cutInCopyAfter(long bytes) {
    cutInCopyAfter.set(bytes);
  }

  /**
   * Once so many more bytes have passed, the connection that carries the next one is half-open:
   * both ends stay connected, and nothing comes through any more.
   */
  public void swallowAfter(long bytes) {
    swallowAfter.set(bytes);
  }

  /** From now on each piece takes so long, each way. */
  public void delay(int millis) {
    delayMillis = millis;
  }

  /** How many connections were cut, or are half-open. */
  public int happened() {
    return happened.get();
  }

  /** Lets go of the server's side of half-open connections, as its own keepalive would. */
  public void forgetSwallowed() {
    lines.stream().filter(line -> line.swallowed).forEach(Line::close);
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        Socket onwards = new Socket();
        try {
          onwards.connect(server);
          new Line(client, onwards).start();
        } catch (IOException e) {
          client.close();
        }
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  /** One connection and its way on. */
  private final class Line {
    private final Socket client;
    private final Socket server;
    private volatile boolean swallowed;
    private boolean copies;

    Line(Socket client, Socket server) throws IOException {
      this.client = client;
      this.server = server;
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      // Cut without a farewell: what is still on its way is lost.
      client.setSoLinger(true, 0);
      server.setSoLinger(true, 0);
    }

    void start() {
      lines.add(this);
      daemon(() -> carry(client, server, true));
      daemon(() -> carry(server, client, false));
    }

    private void carry(Socket from, Socket to, boolean forth) {
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        byte[] buffer = new byte[65_536];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          if (delayMillis > 0) {
            Thread.sleep(delayMillis);
          }
          if (!passed(buffer, n, out, forth)) {
            break;
          }
        }
      } catch (IOException e) {
        // One end has gone; the other is told so below.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (!swallowed) {
        close();
      }
    }

    private boolean passed(byte[] bytes, int n, OutputStream out, boolean forth)
        throws IOException {
      if (swallowed) {
        return true;
      }
      if (forth && !copies) {
        copies = new String(bytes, 0, n, StandardCharsets.ISO_8859_1).contains("COPY ");
      }
      int first = exceeds(cutAfter, n);
      if (first < 0 && copies && forth) {
        first = exceeds(cutInCopyAfter, n);
      }
      if (first >= 0) {
        out.write(bytes, 0, first);
        happened.incrementAndGet();
        return false;
      }
      first = exceeds(swallowAfter, n);
      if (first >= 0) {
        out.write(bytes, 0, first);
        swallowed = true;
        happened.incrementAndGet();
        return true;
      }
      out.write(bytes, 0, n);
      return true;
    }

    /** How many bytes of these still pass, where this limit is met within them; else negative. */
    private int exceeds(AtomicLong limit, int n) {
      long left =
          limit.getAndUpdate(now -> now == Long.MAX_VALUE || now < n ? Long.MAX_VALUE : now - n);
      return left < n ? (int) left : -1;
    }

    void close() {
      lines.remove(this);
      for (Socket socket : new Socket[] {client, server}) {
        try {
          socket.close();
        } catch (IOException e) {
          // It is gone either way.
        }
      }
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "fault-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    lines.forEach(Line::close);
  }
}
