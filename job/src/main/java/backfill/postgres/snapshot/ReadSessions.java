package backfill.postgres.snapshot;

import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.server.SessionSettings;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;

/**
 * Sessions in whose transaction a snapshot was imported. One that has read waits for the next read
 * in the same snapshot: to log in, to set what a session of ours needs and to learn the catalog
 * takes longer than to read a small table.
 *
 * <p>They wait where the snapshot is held, in the driver's JVM, and until this is closed; executors
 * elsewhere would not hear of that, and open one for each read. Behind a pooler none waits, because
 * it would keep a session of the server from others, and on a standby a lock that it needs no more
 * would be in the way of what is replayed. May be used by any thread.
 */
public final class ReadSessions implements AutoCloseable {
  private static final Map<Import, ReadSessions> KEPT = new ConcurrentHashMap<>();

  private final Import of;
  private final Deque<Connection> waiting = new ArrayDeque<>();
  private boolean closed;

  private ReadSessions(Import of) {
    this.of = of;
  }

  /**
   * What sessions have in common that can stand for each other.
   *
   * @param database how they were opened
   */
  private record Import(Map<String, String> database, String applicationName, String statements) {}

  /**
   * From now on those that were opened with the same arguments wait here.
   *
   * @param importStatements those of {@link Snapshot#importStatements}
   */
  static ReadSessions keep(Database database, String importStatements, String applicationName) {
    Import of = new Import(database.toOptions(), applicationName, importStatements);
    return KEPT.computeIfAbsent(of, ReadSessions::new);
  }

  /**
   * What a session sends first that reads a table. Of a view, a foreign or a partitioned table it
   * has a lock on each that is behind it, or a session elsewhere: it ends with its read.
   */
  public static String importing(Snapshot snapshot, Table table) {
    return snapshot.importStatements() + (table.standsForItself() ? "" : " -- for one read");
  }

  /**
   * A session for one read, which may have read before. Committing it does nothing, and closing it
   * lets it wait for the next read, unless something failed in it.
   *
   * @param importStatements those of {@link #importing}
   */
  public static Connection open(Database database, String importStatements, String applicationName)
      throws SQLException {
    ReadSessions kept =
        KEPT.get(new Import(database.toOptions(), applicationName, importStatements));
    Connection connection = kept == null ? null : kept.next();
    return lent(
        connection == null ? imported(database, importStatements, applicationName) : connection,
        kept);
  }

  private static Connection imported(
      Database database, String importStatements, String applicationName) throws SQLException {
    Connection connection = database.connectForReading(applicationName);
    try (Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(importStatements);
      return connection;
    } catch (SQLException e) {
      try (connection) {
        throw e;
      }
    }
  }

  private static Connection lent(Connection connection, ReadSessions kept) {
    return (Connection)
        Proxy.newProxyInstance(
            ReadSessions.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            new Lent(connection, kept));
  }

  private synchronized Connection next() {
    return waiting.poll();
  }

  private synchronized boolean take(Connection connection) {
    return !closed && waiting.add(connection);
  }

  /** Ends those that wait; one that still reads ends after that. */
  @Override
  public void close() {
    KEPT.remove(of, this);
    Deque<Connection> ended;
    synchronized (this) {
      closed = true;
      ended = new ArrayDeque<>(waiting);
      waiting.clear();
    }
    Snapshot.release(ended);
  }

  /** One that is in use. */
  private static final class Lent implements InvocationHandler {
    private final Connection connection;
    private final ReadSessions kept;
    private boolean returned;

    /**
     * @param kept null where none waits
     */
    Lent(Connection connection, ReadSessions kept) {
      this.connection = connection;
      this.kept = kept;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      switch (method.getName()) {
        case "equals":
          return proxy == arguments[0];
        case "commit":
          // It has written nothing, and what comes next is to see the same.
          return null;
        case "isClosed":
          return returned || connection.isClosed();
        case "close":
          giveBack();
          return null;
        default:
      }
      try {
        return method.invoke(connection, arguments);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }

    private void giveBack() throws SQLException {
      if (!returned) {
        returned = true;
        if (!isAsItBegan() || !kept.take(connection)) {
          connection.close();
        }
      }
    }

    private boolean isAsItBegan() throws SQLException {
      return kept != null
          && !connection.isClosed()
          && !SessionSettings.isPooled(connection)
          && connection.unwrap(BaseConnection.class).getTransactionState() == TransactionState.OPEN;
    }
  }
}
