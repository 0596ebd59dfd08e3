package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingEndpoint;
import backfill.testing.TestingGrants;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import backfill.testing.TestingSinkWrite;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run, and the connector alone, tell OpenLineage: read by a server of a test. */
class LineageTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path directory;

  private static Map<String, String> telling(TestingDatabase database, String... more) {
    Map<String, String> environment = new HashMap<>(database.environment());
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return environment;
  }

  /** Each has what the specification requires of it. */
  private static List<JsonNode> events(TestingEndpoint server) throws Exception {
    List<JsonNode> events = new ArrayList<>();
    for (TestingEndpoint.Received received : server.received()) {
      JsonNode event = JSON.readTree(received.body());
      OffsetDateTime.parse(event.path("eventTime").textValue());
      assertThat(URI.create(event.path("producer").textValue()).isAbsolute()).isTrue();
      assertThat(event.path("schemaURL").textValue()).contains("#/$defs/RunEvent");
      UUID.fromString(event.path("run").path("runId").textValue());
      for (String name : List.of("namespace", "name")) {
        assertThat(event.path("job").path(name).textValue()).isNotBlank();
        event.findParents("inputFacets").forEach(set -> assertThat(set.has(name)).isTrue());
        for (String datasets : List.of("inputs", "outputs")) {
          event
              .path(datasets)
              .forEach(dataset -> assertThat(dataset.path(name).textValue()).isNotBlank());
        }
      }
      for (String facets : List.of("facets", "inputFacets", "outputFacets")) {
        for (JsonNode set : event.findValues(facets)) {
          for (JsonNode facet : set) {
            assertThat(URI.create(facet.path("_producer").textValue()).isAbsolute()).isTrue();
            assertThat(URI.create(facet.path("_schemaURL").textValue()).isAbsolute()).isTrue();
          }
        }
      }
      events.add(event);
    }
    return events;
  }

  private static List<String> types(List<JsonNode> events) {
    return events.stream().map(event -> event.path("eventType").asText()).toList();
  }

  /** The name of a table there, and where the server is. */
  private static List<String> dataset(TestingDatabase database, String table) {
    String address =
        database.url().replaceFirst("^jdbc:postgresql://", "").replaceFirst("[?].*", "");
    int slash = address.indexOf('/');
    return List.of(
        "postgres://" + address.substring(0, slash),
        address.substring(slash + 1) + ".public." + table);
  }

  private static List<String> nameOf(JsonNode dataset) {
    return List.of(dataset.path("namespace").asText(), dataset.path("name").asText());
  }

  @Test
  void aRunThatEndsWellTellsWhatItReadAndWroteAndWhereColumnsComeFrom() throws Exception {
    try (TestingGrants there = TestingGrants.of(10, 20);
        TestingEndpoint server = TestingEndpoint.answering(201)) {
      Map<String, String> environment =
          telling(
              there.database, "OPENLINEAGE_URL", server.url(), "OPENLINEAGE_API_KEY", "hidden-key");
      TestingRun dry = TestingRun.of(environment, "plan", there.plan("told"));
      assertThat(dry.code()).as(dry.said()).isZero();
      assertThat(server.received()).isEmpty();
      TestingRun run = TestingRun.of(environment, "run", there.plan("told"));

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.warnings()).isEmpty();
      assertThat(server.received())
          .allMatch(sent -> sent.path().equals("/api/v1/lineage"))
          .allMatch(sent -> sent.authorization().equals("Bearer hidden-key"));
      List<JsonNode> events = events(server);
      assertThat(types(events)).containsExactly("START", "COMPLETE");
      for (JsonNode event : events) {
        assertThat(event.path("run").path("runId").asText()).isEqualTo(run.runId());
        assertThat(event.path("job").path("name").asText()).isEqualTo("told");
        assertThat(event.path("inputs")).hasSize(1);
        assertThat(nameOf(event.path("inputs").path(0)))
            .isEqualTo(dataset(there.database, "member"));
        assertThat(event.path("outputs")).hasSize(1);
        assertThat(nameOf(event.path("outputs").path(0)))
            .isEqualTo(dataset(there.database, "access"));
        assertThat(event.path("inputs").path(0).findValuesAsText("type")).containsOnly("bigint");
        JsonNode fields =
            event.path("outputs").path(0).path("facets").path("columnLineage").path("fields");
        for (String column : List.of("object_id", "user_id")) {
          JsonNode origin = fields.path(column).path("inputFields").path(0);
          assertThat(nameOf(origin)).isEqualTo(dataset(there.database, "member"));
          assertThat(origin.path("field").asText()).isEqualTo(column);
          assertThat(origin.path("transformations").path(0).path("type").asText())
              .isEqualTo("DIRECT");
        }
      }
      JsonNode written = events.get(1).path("outputs").path(0).path("outputFacets");
      assertThat(written.path("outputStatistics").path("rowCount").asLong())
          .isEqualTo(run.inserted())
          .isEqualTo(200);
      JsonNode read = events.get(1).path("inputs").path(0).path("inputFacets");
      assertThat(read.path("inputStatistics").path("rowCount").asLong()).isEqualTo(200);
      assertThat(run.said() + run.report() + server.received()).doesNotContain("password");
      assertThat(run.said() + run.report()).doesNotContain("hidden-key");
    }
  }

  @Test
  void groupsAndTheirNestingDecideAndLevelsAreOfWhatCounts() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase();
        TestingEndpoint server = TestingEndpoint.answering(200)) {
      database.execute(
          "CREATE TABLE granted (o int, g int, l int)",
          "CREATE TABLE member (g int, u int, l int)",
          "CREATE TABLE edge (parent int, child int)",
          "CREATE TABLE sees (o int, u int, l int, PRIMARY KEY (o, u))",
          "INSERT INTO granted VALUES (1, 1, 3)",
          "INSERT INTO member VALUES (1, 1, 2)");
      Path plan = directory.resolve("leveled.conf");
      Files.writeString(
          plan,
          """
          name = leveled
          sources { granted = granted, member = member, edge = edge }
          steps = [{ name = pairs, kind = pairs
            through = [{ from = granted, object = o, group = g, level = l }]
            members = [{ from = member, group = g, user = u, level = l }]
            nested  = [{ from = edge, parent = parent, child = child }]
            into    = { table = sees, object = o, user = u, level = l } }]
          """);
      Path file = directory.resolve("openlineage.yml");
      Files.writeString(
          file, "transport:\n  type: http\n  url: %s\n  endpoint: /told\n".formatted(server.url()));

      TestingRun run =
          TestingRun.of(
              telling(
                  database, "OPENLINEAGE_CONFIG", file.toString(), "OPENLINEAGE_NAMESPACE", "ours"),
              "run",
              plan);

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(server.received()).allMatch(sent -> sent.path().equals("/told"));
      JsonNode event = events(server).get(1);
      assertThat(event.path("job").path("namespace").asText()).isEqualTo("ours");
      assertThat(event.path("inputs")).hasSize(3);
      JsonNode lineage = event.path("outputs").path(0).path("facets").path("columnLineage");
      assertThat(origins(lineage.path("fields").path("o").path("inputFields")))
          .containsExactly("granted.o DIRECT IDENTITY");
      assertThat(origins(lineage.path("fields").path("u").path("inputFields")))
          .containsExactly("member.u DIRECT IDENTITY");
      assertThat(origins(lineage.path("fields").path("l").path("inputFields")))
          .containsExactly("granted.l DIRECT AGGREGATION", "member.l DIRECT AGGREGATION");
      assertThat(origins(lineage.path("dataset")))
          .containsExactly(
              "edge.child INDIRECT JOIN",
              "edge.parent INDIRECT JOIN",
              "granted.g INDIRECT JOIN",
              "member.g INDIRECT JOIN");
    }
  }

  @Test
  void columnsOfRowsAndOfViewsAreToldWhereEveryStepOfTheirTableKnowsThem() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase();
        TestingEndpoint server = TestingEndpoint.answering(200)) {
      database.execute(
          "CREATE TABLE granted (o int, u int, role text)",
          "CREATE TABLE sees (o int, u int, PRIMARY KEY (o, u))",
          "CREATE TABLE person (id int PRIMARY KEY, name text, many bigint, kinds text[], seen boolean)",
          "INSERT INTO granted VALUES (1, 1, 'r'), (2, 1, 'none')");
      Path plan = directory.resolve("rows.conf");
      Files.writeString(
          plan,
          """
          name = rows
          sources.granted = granted
          views.good = "SELECT o, u FROM granted WHERE role <> 'none'"
          steps = [
            { name = pairs, kind = pairs, direct = [{ from = good, object = o, user = u }]
              into = { table = sees, object = o, user = u } }
            { name = known, kind = rows, mode = insert-missing, into = { table = person, key = [id] }
              query = "SELECT u AS id, max(role) AS name, count(o) AS many, array(max(role)) AS kinds FROM granted GROUP BY u" }
            { name = not-known, kind = rows, mode = upsert, into = { table = person, key = [id] }
              query = "SELECT u AS id, max(kind) AS name FROM granted LATERAL VIEW explode(array(role)) k AS kind GROUP BY u" }
            { name = in-place, kind = batches, table = person, where = "many < 2", set = { many = "2" } } ]
          """);
      TestingRun run =
          TestingRun.of(telling(database, "OPENLINEAGE_URL", server.url()), "run", plan);

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.warnings()).isEmpty();
      JsonNode outputs = events(server).get(1).path("outputs");
      JsonNode sees = outputs.path(0).path("facets").path("columnLineage");
      assertThat(origins(sees.path("fields").path("o").path("inputFields")))
          .containsExactly("granted.o DIRECT IDENTITY");
      assertThat(origins(sees.path("dataset"))).containsExactly("granted.role INDIRECT FILTER");
      JsonNode person = outputs.path(1).path("facets").path("columnLineage").path("fields");
      assertThat(person.properties().stream().map(Map.Entry::getKey))
          .as("explode is not looked into, and in-place sets many")
          .containsExactly("kinds");
      assertThat(origins(person.path("kinds").path("inputFields")))
          .containsExactly("granted.role DIRECT AGGREGATION");
    }
  }

  private static TreeSet<String> origins(JsonNode inputs) {
    TreeSet<String> origins = new TreeSet<>();
    for (JsonNode input : inputs) {
      for (JsonNode how : input.path("transformations")) {
        origins.add(
            input.path("name").asText().replaceFirst(".*[.]", "")
                + "."
                + input.path("field").asText()
                + " "
                + how.path("type").asText()
                + " "
                + how.path("subtype").asText());
      }
    }
    return origins;
  }

  @Test
  void aRunThatIsRefusedTellsSoAndOneThatCannotTellEndsAsItWould() throws Exception {
    try (TestingGrants there = TestingGrants.of(2, 3);
        TestingEndpoint server = TestingEndpoint.answering(200);
        TestingEndpoint full = TestingEndpoint.answering(507)) {
      TestingRun refused =
          TestingRun.of(
              telling(there.database, "OPENLINEAGE_URL", server.url()),
              "run",
              there.plan("told"),
              "--set",
              "limits.rows-inserted=1");
      assertThat(refused.code()).as(refused.said()).isEqualTo(5);
      List<JsonNode> events = events(server);
      assertThat(types(events)).containsExactly("START", "FAIL");
      assertThat(
              events
                  .get(1)
                  .path("run")
                  .path("facets")
                  .path("errorMessage")
                  .path("message")
                  .asText())
          .isEqualTo(refused.message());

      TestingRun untold =
          TestingRun.of(
              telling(there.database, "OPENLINEAGE_URL", full.url() + "/key-of-ours"),
              "run",
              there.plan("told"));
      assertThat(untold.code()).as(untold.said()).isZero();
      assertThat(untold.warnings())
          .containsExactly(
              "lineage: the run's events did not reach " + full.url() + ": it answered 507");
      assertThat(untold.said()).doesNotContain("key-of-ours");
    }
  }

  @Test
  void whereEventsGoIsRefusedBeforeAnythingIsDone() {
    for (String url :
        List.of("marquez:5000", "http://me:hidden@marquez", "http://marquez?k=hidden")) {
      TestingRun run =
          TestingRun.bare(
              Map.of("BACKFILL_URL", "jdbc:postgresql://h/d", "OPENLINEAGE_URL", url),
              "run",
              TestingRun.DOJO);
      assertThat(run.code()).isEqualTo(2);
      assertThat(run.said())
          .startsWith("OPENLINEAGE_URL")
          .contains("must be ")
          .doesNotContain("hidden");
    }
    TestingRun run =
        TestingRun.bare(
            Map.of(
                "BACKFILL_URL",
                "jdbc:postgresql://h/d",
                "OPENLINEAGE_CONFIG",
                directory.resolve("absent.yml").toString()),
            "run",
            TestingRun.DOJO);
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.said()).startsWith("OPENLINEAGE_CONFIG").contains("absent.yml");
  }

  @Test
  void theListenerForSparkKnowsTheTableThatTheConnectorWrites() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase();
        TestingEndpoint server = TestingEndpoint.answering(200)) {
      database.execute("CREATE TABLE keys (id bigint PRIMARY KEY)");
      try (TestingProcess application =
          TestingSinkWrite.watched(database.environment(), "keys", server)) {
        while (application.isAlive()) {
          Thread.sleep(100);
        }
        assertThat(database.count("SELECT count(*) FROM keys"))
            .as(application.said())
            .isEqualTo(10);
        List<List<String>> written = new ArrayList<>();
        for (TestingEndpoint.Received received : server.received()) {
          JSON.readTree(received.body())
              .path("outputs")
              .forEach(output -> written.add(nameOf(output)));
        }
        assertThat(written).as(application.said()).contains(dataset(database, "keys"));
      }
    }
  }
}
