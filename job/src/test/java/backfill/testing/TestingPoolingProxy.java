package backfill.testing;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A pooler as PgBouncer is in its transaction mode: each transaction of a client runs in whichever
 * session of the server is free, the one that has rested longest, and sessions outlive their
 * clients. It greets a client with the number of no process of the server, as poolers do.
 */
public final class TestingPoolingProxy implements AutoCloseable {
  private static final int SSL_REQUEST = 80_877_103;
  private static final int GSS_REQUEST = 80_877_104;
  private static final int PATIENCE_SECONDS = 120;
  private static final int MOST_BYTES_HELD = 1 << 16;

  /** Of all the limits that end a session the one that each server knows. */
  private static final String LIFTED = "SET LOCAL idle_in_transaction_session_timeout = '0'";

  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final String host;
  private final int port;
  private final int sessions;
  private final Map<String, Pool> pools = new HashMap<>();
  private final List<String> limited = new ArrayList<>();
  private int clients;
  private int left;

  /**
   * @param url where it leads
   * @param sessions how many the server has, at most, of each role and database
   */
  public TestingPoolingProxy(String url, int sessions) throws IOException {
    String[] parts = url.replaceFirst("jdbc:postgresql://", "").replaceFirst("/.*", "").split(":");
    this.host = parts[0];
    this.port = Integer.parseInt(parts[1]);
    this.sessions = sessions;
    daemon(
        () -> {
          while (true) {
            Socket client = listener.accept();
            daemon(() -> serve(client));
          }
        });
  }

  /** This URL by way of the proxy. */
  public String url(String direct) {
    return direct.replaceFirst("//[^/]+/", "//127.0.0.1:" + listener.getLocalPort() + "/");
  }

  /** What one role has on one database: its free sessions, and what each client is greeted with. */
  private static final class Pool {
    private final BlockingQueue<Session> free = new LinkedBlockingQueue<>();
    private final List<byte[]> greeting = new ArrayList<>();
    private int opened;
  }

  /** A session of the server, and what it says. */
  private record Session(Socket socket, DataInputStream in) implements Closeable {
    static Session to(String host, int port) throws IOException {
      Socket socket = new Socket(host, port);
      return new Session(socket, reading(socket));
    }

    void send(byte[] message) throws IOException {
      socket.getOutputStream().write(message);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  /** Without delay: an answer of several messages would else wait for the client to confirm one. */
  private static DataInputStream reading(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    return new DataInputStream(new BufferedInputStream(socket.getInputStream()));
  }

  /** How many clients have left in a transaction so far; each took a session with it. */
  public synchronized int leftInTransaction() throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (clients > 0 && System.nanoTime() < end) {
      wait(1000);
    }
    if (clients > 0) {
      throw new IllegalStateException(clients + " clients are there still");
    }
    return left;
  }

  /**
   * How each transaction began that lasted longer than one message to the server and had the limits
   * of its role and its database meanwhile.
   */
  public synchronized List<String> begunWithinLimits() {
    return List.copyOf(limited);
  }

  private synchronized void began(byte[] words, int state) {
    String said = new String(words, StandardCharsets.UTF_8);
    if (state == 'T' && !said.contains(LIFTED)) {
      limited.add(said.replaceAll("\\p{Cntrl}+", " "));
    }
  }

  private synchronized void came() {
    clients++;
  }

  private synchronized void went(boolean inTransaction) {
    clients--;
    left += inTransaction ? 1 : 0;
    notifyAll();
  }

  private void serve(Socket client) throws IOException {
    Session held = null;
    came();
    try (client) {
      DataInputStream in = reading(client);
      OutputStream out = new BufferedOutputStream(client.getOutputStream());
      byte[] startup = startup(in, out);
      Pool pool = greet(startup, in, out);
      out.flush();
      try {
        ByteArrayOutputStream words = new ByteArrayOutputStream();
        int questions = 0;
        while (true) {
          byte[] message = message(in);
          if (message[0] == 'X') {
            return;
          }
          words.write(message);
          questions += "QScf".indexOf(message[0]) >= 0 ? 1 : 0;
          // All that a client sent at once reaches the server at once: BEGIN, and what follows it.
          boolean whole = questions > 0 && in.available() == 0;
          if (!whole && words.size() < MOST_BYTES_HELD) {
            continue;
          }
          boolean begins = held == null;
          if (begins) {
            held = pool.free.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (held == null) {
              throw new IOException("no session became free");
            }
          }
          held.send(words.toByteArray());
          int state = 'T';
          for (; questions > 0; questions--) {
            state = answer(held.in(), out);
          }
          if (begins) {
            began(words.toByteArray(), state);
          }
          if (state == 'I') {
            pool.free.add(held);
            held = null;
          }
          words.reset();
          out.flush();
        }
      } finally {
        if (held != null) {
          // The server undoes what its transaction did.
          held.close();
          synchronized (pools) {
            pool.opened--;
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      went(held != null);
    }
  }

  private static byte[] startup(DataInputStream in, OutputStream out) throws IOException {
    while (true) {
      int length = in.readInt();
      byte[] rest = new byte[length - Integer.BYTES];
      in.readFully(rest);
      int code = ByteBuffer.wrap(rest).getInt();
      if (code == SSL_REQUEST || code == GSS_REQUEST) {
        out.write('N');
        out.flush();
      } else {
        return ByteBuffer.allocate(length).putInt(length).put(rest).array();
      }
    }
  }

  /** Opens one more session, with the client's own words, or takes the client as it is. */
  private Pool greet(byte[] startup, DataInputStream in, OutputStream out) throws IOException {
    String words = new String(startup, StandardCharsets.UTF_8);
    String who = words.replaceFirst("(?s).*?user\0([^\0]*)\0database\0([^\0]*)\0.*", "$1 $2");
    synchronized (pools) {
      Pool pool = pools.computeIfAbsent(who, any -> new Pool());
      if (pool.opened < sessions) {
        pool.opened++;
        open(startup, in, out, pool);
      } else {
        for (byte[] message : pool.greeting) {
          out.write(message);
        }
      }
      return pool;
    }
  }

  private void open(byte[] startup, DataInputStream in, OutputStream out, Pool pool)
      throws IOException {
    Session server = Session.to(host, port);
    server.send(startup);
    pool.greeting.clear();
    while (true) {
      byte[] message = message(server.in());
      int kind = message[0] == 'R' ? ByteBuffer.wrap(message, 5, Integer.BYTES).getInt() : 0;
      if (message[0] == 'K') {
        // A number that no process of the server has.
        ByteBuffer.wrap(message, 5, Integer.BYTES).putInt(Integer.MAX_VALUE);
      }
      out.write(message);
      if (kind == 0) {
        pool.greeting.add(message);
      } else if (kind != 12) {
        out.flush();
        server.send(message(in)); // a password, or what stands for one
      }
      if (message[0] == 'E') {
        out.flush();
        throw new IOException("refused");
      }
      if (message[0] == 'Z') {
        pool.free.add(server);
        return;
      }
    }
  }

  /** Passes on what the server says, until it waits; answers with the transaction's state. */
  private static int answer(DataInputStream from, OutputStream out) throws IOException {
    while (true) {
      byte[] message = message(from);
      out.write(message);
      if (message[0] == 'Z') {
        return message[5];
      }
      if (message[0] == 'G') {
        return 'T'; // rows to be copied come first
      }
    }
  }

  private static byte[] message(DataInputStream in) throws IOException {
    int type = in.read();
    if (type < 0) {
      throw new EOFException();
    }
    int length = in.readInt();
    byte[] message = new byte[length + 1];
    ByteBuffer.wrap(message).put((byte) type).putInt(length);
    in.readFully(message, 5, length - Integer.BYTES);
    return message;
  }

  /** What ends when a socket does. */
  @FunctionalInterface
  private interface Task {
    void run() throws IOException;
  }

  private static void daemon(Task task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (IOException e) {
                // The other side has gone.
              }
            },
            "pooling-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    List<Closeable> closing = new ArrayList<>(List.of(listener));
    synchronized (pools) {
      pools.values().forEach(pool -> closing.addAll(pool.free));
    }
    for (Closeable each : closing) {
      each.close();
    }
  }
}
