package backfill.bench.load;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What was measured, as a file that programs read. */
final class Figures {
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private Figures() {}

  static void write(Path file, Object result) throws IOException {
    Files.writeString(file, JSON.writeValueAsString(result) + "\n");
  }

  /** What was written of an application beside a backfill. */
  static LoadResult read(String text) throws IOException {
    return JSON.readValue(text, LoadResult.class);
  }
}
