package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.report.Version;
import backfill.testing.TestingCheckout;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The jar as it is released: what is in it, under which licences, and the list of it. */
class JarIT {
  private static final Path TARGET = TestingCheckout.root().resolve("job/target");
  private static JarFile jar;

  @BeforeAll
  static void open() throws IOException {
    jar = new JarFile(TARGET.resolve("backfill.jar").toFile());
  }

  @AfterAll
  static void close() throws IOException {
    jar.close();
  }

  private static String text(String entry) throws IOException {
    assertThat(jar.getEntry(entry)).as(entry).isNotNull();
    return new String(
        jar.getInputStream(jar.getEntry(entry)).readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void manifestNamesMainAndVersion() throws IOException {
    Attributes manifest = jar.getManifest().getMainAttributes();

    assertThat(manifest.getValue("Main-Class")).isEqualTo(Main.class.getName());
    assertThat(manifest.getValue("Implementation-Version")).isEqualTo(Version.number());
  }

  /** A second build is compared with it in SecondBuildFaults, which takes a minute. */
  @Test
  void nothingInItTellsWhenWhereOrByWhomItWasBuilt() throws IOException {
    assertThat(
            jar.stream()
                .filter(entry -> entry.getName().matches("backfill/(?!shaded/).*"))
                .map(entry -> entry.getTimeLocal().toString())
                .distinct())
        .as("project.build.outputTimestamp; what is a library's has the library's times")
        .containsExactly("2026-01-01T00:00");
    assertThat(jar.stream().map(entry -> entry.getName())).doesNotHaveDuplicates();
    assertThat(jar.getManifest().getMainAttributes().keySet())
        .as("no time, no user, and no Java of a machine's own")
        .extracting(Object::toString)
        .containsOnly(
            "Manifest-Version",
            "Created-By",
            "Java-Version",
            "Build-Jdk-Spec",
            "Main-Class",
            "Implementation-Title",
            "Implementation-Version");
  }

  @Test
  void classesAreOursAndThoseOfLibrariesWhichApplicationsDoNotSee() {
    TreeSet<String> packages = new TreeSet<>();
    jar.stream()
        .map(entry -> entry.getName().replaceFirst("^META-INF/versions/\\d+/", ""))
        .filter(name -> name.endsWith(".class"))
        .map(name -> name.replaceFirst("^((?:com|org)/)?([^/]+)/.*", "$1$2"))
        .forEach(packages::add);

    assertThat(packages).containsExactly("backfill", "com/typesafe", "org/postgresql", "picocli");
    assertThat(jar.stream().map(entry -> entry.getName()))
        .filteredOn(name -> name.matches("backfill/shaded/[^/]+/"))
        .containsExactlyInAnyOrder(
            "backfill/shaded/hc/",
            "backfill/shaded/jackson/",
            "backfill/shaded/micrometer/",
            "backfill/shaded/openlineage/");
    assertThat(jar.getEntry("backfill/testing/TestingPostgres.class")).isNull();
    assertThat(jar.getEntry("log4j.properties")).isNull();
    assertThat(jar.getEntry("META-INF/services/com.fasterxml.jackson.databind.Module")).isNull();
  }

  @Test
  void licencesOfAllThatIsInItTravelAlong() throws IOException {
    assertThat(text("META-INF/LICENSE"))
        .isEqualTo(Files.readString(TestingCheckout.root().resolve("LICENSE")));
    assertThat(text("META-INF/licenses/org.postgresql/postgresql/LICENSE"))
        .contains("PostgreSQL Global Development Group");
    assertThat(jar.stream().map(entry -> entry.getName()))
        .filteredOn(name -> name.matches("META-INF/licenses/com\\.ongres.*/LICENSE"))
        .hasSize(4);
    assertThat(text("META-INF/THIRD-PARTY.txt"))
        .contains("backfill " + Version.number() + " is under the Apache License 2.0")
        .doesNotContain("${");
  }

  static List<String> libraries() {
    return List.of(
        "org.postgresql:postgresql",
        "com.typesafe:config",
        "info.picocli:picocli",
        "io.openlineage:openlineage-java",
        "com.fasterxml.jackson.datatype:jackson-datatype-jdk8",
        "com.fasterxml.jackson.module:jackson-module-blackbird",
        "org.apache.httpcomponents.client5:httpclient5",
        "org.apache.httpcomponents.core5:httpcore5",
        "org.apache.httpcomponents.core5:httpcore5-h2",
        "io.micrometer:micrometer-core",
        "io.micrometer:micrometer-commons",
        "io.micrometer:micrometer-observation");
  }

  @ParameterizedTest
  @MethodSource("libraries")
  void libraryIsListedWithItsVersionAndLicence(String library) throws IOException {
    for (JsonNode bom : boms()) {
      assertIsListed(library, bom);
    }
  }

  private void assertIsListed(String library, JsonNode bom) throws IOException {
    List<String> required = new ArrayList<>();
    JsonNode listed = null;
    for (JsonNode component : bom.path("components")) {
      String name = component.path("group").asText() + ":" + component.path("name").asText();
      if (component.path("scope").asText().equals("required")) {
        required.add(name);
      }
      if (name.equals(library)) {
        listed = component;
      }
    }

    assertThat(required).containsExactlyInAnyOrderElementsOf(libraries());
    assertThat(listed.path("licenses")).isNotEmpty();
    assertThat(text("META-INF/THIRD-PARTY.txt"))
        .contains(" " + listed.path("version").asText() + " (" + library + ")");
  }

  @Test
  void listIsOfThisVersion() throws IOException {
    for (JsonNode bom : boms()) {
      JsonNode ours = bom.path("metadata").path("component");

      assertThat(ours.path("name").asText()).isEqualTo("backfill");
      assertThat(ours.path("version").asText()).isEqualTo(Version.number());
      assertThat(ours.path("licenses").toString()).contains("Apache-2.0");
    }
  }

  /** The list of components: Maven leaves it out where it is offline, and only there. */
  private static List<JsonNode> boms() throws IOException {
    Path file = TARGET.resolve("bom.json");
    if (!Files.exists(file)) {
      assertThat(System.getProperty("backfill.maven")).isEqualTo("offline: true");
      return List.of();
    }
    return List.of(new ObjectMapper().readTree(file.toFile()));
  }
}
