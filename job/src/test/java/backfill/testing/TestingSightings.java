package backfill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What everybody can see of a cluster, whenever it was looked at: the command lines of its
 * processes, the pages of its master and workers, and the files that it wrote.
 */
public final class TestingSightings {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final TestingCluster cluster;
  private final Map<String, Set<String>> texts = new HashMap<>();

  public TestingSightings(TestingCluster cluster) {
    this.cluster = cluster;
  }

  /** Keeps what is to be seen now. */
  public void look() throws IOException {
    cluster
        .children()
        .forEach(process -> keep("command line", TestingAirflow.commandLine(process)));
    String known = cluster.page("/json/");
    keep("page of the master", known);
    keep("page of the master", cluster.page("/"));
    for (JsonNode worker : JSON.readTree(known).path("workers")) {
      String address = worker.path("webuiaddress").asText();
      keep("page of a worker", TestingCluster.get(address + "/"));
      keep("page of a worker", TestingCluster.get(address + "/json/"));
    }
  }

  private void keep(String place, String text) {
    texts.computeIfAbsent(place, any -> new HashSet<>()).add(text);
  }

  /** Where this text is, of all that was seen and of the files as they are now. */
  public Set<String> placesWith(String text) throws IOException {
    Set<String> places = new TreeSet<>();
    texts.forEach(
        (place, all) -> {
          if (all.stream().anyMatch(one -> one.contains(text))) {
            places.add(place);
          }
        });
    try (Stream<Path> all = Files.walk(cluster.directory)) {
      all.filter(file -> Files.isRegularFile(file) && holds(file, text))
          .forEach(file -> places.add("file " + file.getFileName()));
    }
    return places;
  }

  private static boolean holds(Path file, String text) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text);
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
