package backfill.postgres.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.SocketFactory;

/**
 * Makes the driver's sockets, which it does by this class's name, and hands the last one of an
 * attempt to connect to the one that asked for it.
 */
public final class WatchedSocketFactory extends SocketFactory {
  private static final Map<String, AtomicReference<WatchedSocket>> ATTEMPTS =
      new ConcurrentHashMap<>();

  private final String attempt;

  /**
   * @param attempt what {@link #begin} was told
   */
  public WatchedSocketFactory(String attempt) {
    this.attempt = attempt;
  }

  static void begin(String attempt) {
    ATTEMPTS.put(attempt, new AtomicReference<>());
  }

  /** The socket of an attempt that is over; empty where the driver made one by itself. */
  static Optional<WatchedSocket> end(String attempt) {
    return Optional.ofNullable(ATTEMPTS.remove(attempt).get());
  }

  @Override
  public Socket createSocket() {
    WatchedSocket socket = new WatchedSocket();
    AtomicReference<WatchedSocket> asked = ATTEMPTS.get(attempt);
    if (asked != null) {
      asked.set(socket);
    }
    return socket;
  }

  private Socket connected(InetSocketAddress to, InetSocketAddress from) throws IOException {
    Socket socket = createSocket();
    try {
      socket.bind(from);
      socket.connect(to);
      return socket;
    } catch (IOException e) {
      try (socket) {
        throw e;
      }
    }
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return createSocket(InetAddress.getByName(host), port);
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress local, int localPort)
      throws IOException {
    return createSocket(InetAddress.getByName(host), port, local, localPort);
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    return connected(new InetSocketAddress(host, port), null);
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
      throws IOException {
    return connected(new InetSocketAddress(host, port), new InetSocketAddress(local, localPort));
  }
}
