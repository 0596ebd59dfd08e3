package backfill.spark.sink;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Settings;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.junit.jupiter.api.Test;

/** What the sink does where no option says otherwise. */
class SinkOptionsTest {

  @Test
  void numbersThatNoOptionGivesAreThoseOfTheSettings() throws Exception {
    SinkOptions options =
        SinkOptions.of(
            new CaseInsensitiveStringMap(Map.of("url", "jdbc:postgresql://h/d", "dbtable", "t")));
    Settings settings = Settings.defaults();

    assertThat(options.writing().rowsPerBatch()).isEqualTo(settings.write().rowsPerBatch());
    assertThat(options.writing().writers()).isEqualTo(settings.write().writers());
    assertThat(options.timeouts().lock()).isEqualTo(settings.lockTimeout());
    assertThat(options.timeouts().statement()).isEqualTo(settings.write().statementTimeout());
    assertThat(options.timeouts().retryFor()).isEqualTo(settings.write().retryFor());

    try (InputStream help = Settings.class.getResourceAsStream("/reference.conf")) {
      assertThat(new String(help.readAllBytes(), StandardCharsets.UTF_8))
          .contains("1 to 1000000 (default " + options.writing().rowsPerBatch() + ")")
          .contains("1 to 64 (default " + options.writing().writers() + ")")
          .contains(
              "lock-timeout (%d), statement-timeout (%d), retry-for (%d)  in seconds"
                  .formatted(
                      options.timeouts().lock().toSeconds(),
                      options.timeouts().statement().toSeconds(),
                      options.timeouts().retryFor().toSeconds()));
    }
  }
}
