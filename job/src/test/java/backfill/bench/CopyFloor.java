package backfill.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.CopyOut;
import org.postgresql.core.BaseConnection;

/**
 * The least time that writing can take: pairs that are there already, as the bytes that the server
 * reads, go straight into each target in one COPY and one transaction for each connection, in
 * disjoint ascending ranges.
 */
final class CopyFloor implements Peer.Work {
  /** The property that says how many connections. */
  static final String WRITERS = "bench.writers";

  private static final int CHUNK = 64 * 1024;

  /** What COPY's binary form begins with: a signature, no flags, no extension. */
  private static final byte[] HEADER =
      ByteBuffer.allocate(19)
          .put("PGCOPY\n\377\r\n\0".getBytes(StandardCharsets.ISO_8859_1))
          .array();

  private static final byte[] TRAILER = {-1, -1};

  private static final Executor THREADS = task -> new Thread(task, "copy").start();

  private final int writers;
  private final List<Table> tables;
  private final List<Range> ranges = new ArrayList<>();
  private final List<Connection> writing = new ArrayList<>();

  /**
   * A target.
   *
   * @param pairs a query for what it shall hold
   */
  record Table(String name, String columns, String pairs) {}

  /** What one connection writes into one target. */
  private record Range(Table table, int writer, List<byte[]> bytes) {}

  CopyFloor(List<Table> tables) {
    this.writers = Integer.getInteger(WRITERS, 2);
    this.tables = List.copyOf(tables);
  }

  /** Each target's pairs are held, and no connection is opened once the clock runs. */
  @Override
  public void prepare(Connections connections) throws SQLException, IOException {
    for (Table table : tables) {
      read(connections.to(Cases.MAIN), table);
    }
    for (int i = 0; i < writers; i++) {
      Connection connection = connections.another(Cases.MAIN);
      connection.setAutoCommit(false);
      writing.add(connection);
    }
  }

  private void read(Connection connection, Table table) throws SQLException, IOException {
    long rows = count(connection, table);
    String query = table.pairs() + " ORDER BY 1, 2";
    CopyOut out = copies(connection).copyOut("COPY (" + query + ") TO STDOUT (FORMAT binary)");
    List<byte[]> chunks = new ArrayList<>();
    ByteArrayOutputStream chunk = new ByteArrayOutputStream(CHUNK);
    long seen = 0;
    int writer = 0;
    // The driver gives a row each time; the header comes with the first one, the trailer alone.
    for (byte[] row = out.readFromCopy(); row != null; row = out.readFromCopy()) {
      int from = seen == 0 ? HEADER.length : 0;
      if (row.length == TRAILER.length) {
        continue;
      }
      if (chunk.size() + row.length > CHUNK) {
        chunks.add(chunk.toByteArray());
        chunk.reset();
      }
      chunk.write(row, from, row.length - from);
      seen++;
      if (seen * writers >= rows * (writer + 1)) {
        chunks.add(chunk.toByteArray());
        chunk.reset();
        ranges.add(new Range(table, writer, chunks));
        chunks = new ArrayList<>();
        writer++;
      }
    }
    if (seen != rows) {
      throw new IllegalStateException(table.name() + ": expected " + rows + " pairs, got " + seen);
    }
  }

  private static long count(Connection connection, Table table) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery("SELECT count(*) FROM (" + table.pairs() + ") pair")) {
      result.next();
      return result.getLong(1);
    }
  }

  @Override
  public void run(Connections connections) {
    for (Table table : tables) {
      CompletableFuture.allOf(
              ranges.stream()
                  .filter(range -> range.table().equals(table))
                  .map(range -> CompletableFuture.runAsync(() -> write(range), THREADS))
                  .toArray(CompletableFuture[]::new))
          .join();
    }
  }

  private void write(Range range) {
    Connection connection = writing.get(range.writer());
    try {
      CopyIn in =
          copies(connection)
              .copyIn(
                  "COPY %s (%s) FROM STDIN (FORMAT binary)"
                      .formatted(range.table().name(), range.table().columns()));
      in.writeToCopy(HEADER, 0, HEADER.length);
      for (byte[] chunk : range.bytes()) {
        in.writeToCopy(chunk, 0, chunk.length);
      }
      in.writeToCopy(TRAILER, 0, TRAILER.length);
      in.endCopy();
      connection.commit();
    } catch (SQLException e) {
      throw new CompletionException("cannot copy into " + range.table().name(), e);
    }
  }

  private static CopyManager copies(Connection connection) throws SQLException {
    return connection.unwrap(BaseConnection.class).getCopyAPI();
  }
}
