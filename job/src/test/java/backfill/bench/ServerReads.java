package backfill.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.sql.SQLException;
import java.util.List;
import org.postgresql.core.BaseConnection;

/**
 * What the server alone takes for the reads of a run that finds everything there: each source sent
 * once and each target twice, for the diff and for verify, in COPY's binary form over one
 * connection, to a client that looks at nothing.
 */
final class ServerReads implements Peer.Work {
  private final List<String> tables;

  /**
   * @param tables each with its columns in parentheses, as COPY takes them, as often as it is read
   */
  ServerReads(List<String> tables) {
    this.tables = List.copyOf(tables);
  }

  @Override
  public void prepare(Connections connections) throws SQLException {
    connections.to(Cases.MAIN);
  }

  @Override
  public void run(Connections connections) throws SQLException, IOException {
    BaseConnection connection = connections.to(Cases.MAIN).unwrap(BaseConnection.class);
    for (String table : tables) {
      connection
          .getCopyAPI()
          .copyOut("COPY " + table + " TO STDOUT (FORMAT binary)", OutputStream.nullOutputStream());
    }
  }
}
