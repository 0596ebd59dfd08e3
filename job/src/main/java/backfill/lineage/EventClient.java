package backfill.lineage;

import com.fasterxml.jackson.core.type.TypeReference;
import io.openlineage.client.Clients;
import io.openlineage.client.OpenLineageClient;
import io.openlineage.client.OpenLineageClientUtils;
import io.openlineage.client.OpenLineageConfig;
import io.openlineage.client.transports.ApiKeyTokenProvider;
import io.openlineage.client.transports.HttpConfig;
import java.nio.file.Path;
import java.util.List;

/** Makes OpenLineage's client for where a run's events go. */
final class EventClient {
  private static final int PATIENCE_MILLIS = 5000;

  private EventClient() {}

  static OpenLineageClient of(LineageTarget to) {
    return Clients.newClient(to.file().isPresent() ? ofFile(to.file().get()) : ofUrl(to));
  }

  /**
   * @throws RuntimeException if it is no file of the client's
   */
  static OpenLineageConfig<?> ofFile(Path file) {
    OpenLineageConfig<?> config =
        OpenLineageClientUtils.loadOpenLineageConfigYaml(
            () -> List.of(file), new TypeReference<OpenLineageConfig<?>>() {});
    if (config.getTransportConfig() == null) {
      throw new IllegalArgumentException("no transport");
    }
    return config;
  }

  private static OpenLineageConfig<?> ofUrl(LineageTarget to) {
    HttpConfig http = new HttpConfig();
    http.setUrl(to.url().orElseThrow().address());
    to.endpoint().ifPresent(http::setEndpoint);
    http.setTimeoutInMillis(PATIENCE_MILLIS);
    to.apiKey()
        .ifPresent(
            key -> {
              ApiKeyTokenProvider token = new ApiKeyTokenProvider();
              token.setApiKey(key);
              http.setAuth(token);
            });
    OpenLineageConfig<?> config = new OpenLineageConfig<>();
    config.setTransportConfig(http);
    return config;
  }
}
