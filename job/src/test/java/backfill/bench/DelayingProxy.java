package backfill.bench;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * A server that seems further away than it is: whatever goes through a port of this machine arrives
 * later by a time, each way, and as fast as before. Two threads for each direction of a connection.
 */
final class DelayingProxy implements AutoCloseable {
  private static final int CHUNK = 64 * 1024;

  /** More than a line of some gigabytes per second has on its way in a millisecond. */
  private static final int CHUNKS_ON_THE_WAY = 256;

  private static final byte[] END = new byte[0];

  private final ServerSocket listening;
  private final String host;
  private final int port;
  private final long delayNanos;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  /** Some bytes, and when they may go on; no bytes are the end of the stream. */
  private record Chunk(byte[] bytes, long dueNanos) {}

  private DelayingProxy(ServerSocket listening, String host, int port, Duration eachWay) {
    this.listening = listening;
    this.host = host;
    this.port = port;
    this.delayNanos = eachWay.toNanos();
  }

  static DelayingProxy to(String host, int port, Duration eachWay) throws IOException {
    DelayingProxy proxy =
        new DelayingProxy(
            new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), host, port, eachWay);
    proxy.start("accept", proxy::accept);
    return proxy;
  }

  /** Where it listens. */
  int port() {
    return listening.getLocalPort();
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        open.add(client);
        connect(client);
      } catch (IOException e) {
        // Closed: nobody is let in any more.
      }
    }
  }

  /** A client whose server is not there is turned away, as by a server that is not there. */
  private void connect(Socket client) {
    try {
      Socket server = new Socket(host, port);
      open.add(server);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      carry(client, server);
      carry(server, client);
    } catch (IOException e) {
      close(client);
    }
  }

  private void carry(Socket from, Socket to) {
    BlockingQueue<Chunk> onTheWay = new ArrayBlockingQueue<>(CHUNKS_ON_THE_WAY);
    start("take", () -> take(from, onTheWay));
    start("give", () -> give(onTheWay, from, to));
  }

  private void take(Socket from, BlockingQueue<Chunk> onTheWay) {
    try {
      try {
        InputStream in = from.getInputStream();
        byte[] buffer = new byte[CHUNK];
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          onTheWay.put(new Chunk(Arrays.copyOf(buffer, read), System.nanoTime() + delayNanos));
        }
      } catch (IOException e) {
        // This end is gone; the other is told so below.
      }
      onTheWay.put(new Chunk(END, System.nanoTime() + delayNanos));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void give(BlockingQueue<Chunk> onTheWay, Socket from, Socket to) {
    try {
      for (Chunk chunk = onTheWay.take(); chunk.bytes() != END; chunk = onTheWay.take()) {
        waitUntil(chunk.dueNanos());
        try {
          to.getOutputStream().write(chunk.bytes());
        } catch (IOException e) {
          // Nobody is there to take it; what still comes is taken from the queue and lost.
          close(from);
          close(to);
        }
      }
      end(from, to);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void waitUntil(long nanos) {
    for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  /** One direction is over; the connection is once both are. */
  private void end(Socket from, Socket to) {
    try {
      to.shutdownOutput();
    } catch (IOException e) {
      close(to);
    }
    if (from.isClosed() || from.isOutputShutdown()) {
      close(from);
      close(to);
    }
  }

  private void close(Socket socket) {
    open.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      // It is gone either way.
    }
  }

  private void start(String what, Runnable work) {
    Thread thread = new Thread(work, "proxy-" + what);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listening.close();
    open.forEach(this::close);
  }
}
