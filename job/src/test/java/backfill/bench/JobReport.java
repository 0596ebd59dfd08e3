package backfill.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.stream.StreamSupport;

/** What the job says of one run, as far as it is measured. */
public record JobReport(JsonNode json) {
  public static JobReport read(Path file) throws IOException {
    return new JobReport(new ObjectMapper().readTree(file.toFile()));
  }

  /** How many rows its steps planned. */
  long planned() {
    return sum("planned");
  }

  /** The statements that read or wrote rows. */
  long statements() {
    return sum("statements");
  }

  /** When Spark's session was ready, before which it asks a server for nothing. */
  public Instant sessionReady() {
    return started().plusMillis(json.path("sessionReadyMs").asLong());
  }

  /** When all was done but writing the report. */
  public Instant ended() {
    return started().plusMillis(json.path("durationMs").asLong());
  }

  private Instant started() {
    return Instant.parse(json.path("startedAt").asText());
  }

  private long sum(String key) {
    return StreamSupport.stream(json.path("steps").spliterator(), false)
        .mapToLong(step -> step.path(key).asLong())
        .sum();
  }

  /** How long it was in these stages. */
  double seconds(String... stages) {
    long millis = 0;
    for (String stage : stages) {
      millis += json.path("stages").path(stage).asLong();
    }
    return millis / 1000.0;
  }

  /**
   * From Spark's session being ready to the end of verify, or to the end of whatever came last
   * before the report.
   */
  double readyToVerified() {
    long verified = json.path("durationMs").asLong() - json.path("stages").path("report").asLong();
    return (verified - json.path("sessionReadyMs").asLong()) / 1000.0;
  }
}
