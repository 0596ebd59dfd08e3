package backfill.spark.read;

import backfill.postgres.server.Database;
import backfill.postgres.snapshot.ReadSessions;
import backfill.spark.engine.SparkFailure;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.util.Map;
import org.apache.spark.sql.jdbc.JdbcConnectionProvider;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Opens the connections of Spark's JDBC source as we open our own: a password file is read again
 * for each one, the server sees our application name, and they read in a snapshot. Spark finds it
 * by {@link #NAME} in the option {@code connectionProvider}.
 */
public final class DatabaseConnections extends JdbcConnectionProvider {
  static final String NAME = "backfill";

  /** The option with the {@code application_name}. */
  static final String APPLICATION_NAME = "backfill.applicationName";

  /** The option with what imports the snapshot that is read. */
  static final String IMPORTING = "backfill.importing";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean canHandle(Driver driver, scala.collection.immutable.Map<String, String> options) {
    return options.contains(APPLICATION_NAME);
  }

  @Override
  public Connection getConnection(
      Driver driver, scala.collection.immutable.Map<String, String> options) {
    Map<String, String> given = CollectionConverters.asJava(options);
    try {
      return ReadSessions.open(
          Database.fromOptions(given), given.get(IMPORTING), given.get(APPLICATION_NAME));
    } catch (SQLException e) {
      throw SparkFailure.<RuntimeException>unchecked(e);
    }
  }

  @Override
  public boolean modifiesSecurityContext(
      Driver driver, scala.collection.immutable.Map<String, String> options) {
    return false;
  }
}
