package backfill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A DefectDojo in a database of its own, and plans run on it with limits set. */
public final class TestingGuardedDojo implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  public final TestingDatabase database;
  public final TestingDefectDojo dojo;
  private final Connection connection;

  public TestingGuardedDojo() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    connection = database.connection();
    dojo = TestingDefectDojo.create(connection);
  }

  /** How a command ended, and its report. */
  public record Ended(int code, JsonNode report, String line) {
    public String status() {
      return report.path("status").asText();
    }

    public String error() {
      return report.path("error").path("message").asText();
    }

    public List<String> warnings() {
      List<String> warnings = new ArrayList<>();
      report.path("warnings").forEach(warning -> warnings.add(warning.asText()));
      return warnings;
    }

    public JsonNode step(String name) {
      for (JsonNode step : report.path("steps")) {
        if (step.path("name").asText().equals(name)) {
          return step;
        }
      }
      throw new AssertionError("no step " + name + " in " + report);
    }
  }

  /** A limit for a command line, as in {@code rows-inserted=3}. */
  public static String limit(String keyAndValue) {
    return "--set=limits." + keyAndValue;
  }

  public Ended command(String command, String plan, String... options) {
    try {
      Path report = Files.createTempFile("report", ".json");
      List<String> words = new ArrayList<>(List.of(command, plan, "--report", report.toString()));
      words.addAll(List.of(options));
      TestingCommand ran = TestingCommand.run(database.environment(), words.toArray(String[]::new));
      JsonNode read = JSON.readTree(Files.readString(report));
      Files.delete(report);
      return new Ended(ran.exitCode(), read, ran.line());
    } catch (IOException e) {
      throw new AssertionError("no report", e);
    }
  }

  /** Every row of these tables with the transaction that wrote it, and where sequences stand. */
  public List<List<Object>> trace(String... tables) throws SQLException {
    List<List<Object>> trace = new ArrayList<>();
    for (String table : tables) {
      trace.addAll(
          database.rows("SELECT xmin::text, ctid::text, t::text FROM " + table + " t ORDER BY 2"));
    }
    trace.addAll(
        database.rows(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"));
    return trace;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
    database.close();
  }
}
