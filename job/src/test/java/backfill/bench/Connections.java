package backfill.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Connections in autocommit to the databases of a plan, by their prefixes; closed together. */
final class Connections implements AutoCloseable {
  private final Opening opening;
  private final Map<String, Connection> first = new HashMap<>();
  private final List<Connection> open = new ArrayList<>();

  /** Opens a connection to the database of a prefix. */
  @FunctionalInterface
  interface Opening {
    Connection open(String prefix) throws SQLException;
  }

  Connections(Opening opening) {
    this.opening = opening;
  }

  /** The same one each time. */
  Connection to(String prefix) throws SQLException {
    Connection connection = first.get(prefix);
    if (connection == null) {
      connection = another(prefix);
      first.put(prefix, connection);
    }
    return connection;
  }

  /** One more. */
  Connection another(String prefix) throws SQLException {
    Connection connection = opening.open(prefix);
    open.add(connection);
    return connection;
  }

  @Override
  public void close() throws SQLException {
    for (Connection connection : open) {
      connection.close();
    }
  }
}
