package backfill.testing;

import backfill.report.Stage;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** On which hosts tasks of each stage of a run ended well, by the event log that Spark wrote. */
public final class TestingSparkEvents {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<Integer, String> groups = new HashMap<>();
  private final Map<String, Set<String>> hosts = new HashMap<>();

  private TestingSparkEvents() {}

  /** What makes Spark write one there. */
  public static Map<String, String> into(Path directory) {
    return Map.of(
        "spark.eventLog.enabled",
        "true",
        "spark.eventLog.compress",
        "false",
        "spark.eventLog.dir",
        directory.toUri().toString());
  }

  public static TestingSparkEvents of(Path directory) throws IOException {
    TestingSparkEvents events = new TestingSparkEvents();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file :
          files.filter(one -> one.getFileName().toString().startsWith("events_")).toList()) {
        for (String line : Files.readAllLines(file)) {
          events.add(JSON.readTree(line));
        }
      }
    }
    return events;
  }

  private void add(JsonNode event) {
    switch (event.path("Event").asText()) {
      case "SparkListenerStageSubmitted" ->
          groups.put(
              event.path("Stage Info").path("Stage ID").asInt(),
              event.path("Properties").path("spark.jobGroup.id").asText());
      case "SparkListenerTaskEnd" -> {
        if (!event.path("Task Info").path("Failed").asBoolean()) {
          hosts
              .computeIfAbsent(groups.get(event.path("Stage ID").asInt()), any -> new TreeSet<>())
              .add(event.path("Task Info").path("Host").asText());
        }
      }
      default -> {}
    }
  }

  public Set<String> hosts(Stage stage) {
    return hosts.getOrDefault(stage.toString(), Set.of());
  }
}
