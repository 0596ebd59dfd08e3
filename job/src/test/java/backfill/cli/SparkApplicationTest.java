package backfill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.Main;
import backfill.testing.TestingCheckout;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The SparkApplication in {@code conf/kubernetes}, held against what the resource demands, and
 * against the Dockerfile, the plans and the settings that it must agree with. No cluster runs it.
 */
class SparkApplicationTest {
  private static final Path FILE =
      TestingCheckout.root().resolve("conf/kubernetes/sparkapplication.yaml");
  private static final JsonSchema SCHEMA =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
          .getSchema(
              SparkApplicationTest.class.getResourceAsStream(
                  "/kubernetes/sparkapplication.schema.json"));

  private static String text() throws IOException {
    return Files.readString(FILE);
  }

  private static JsonNode spec() throws IOException {
    return new YAMLMapper().readTree(text()).path("spec");
  }

  private static Set<ValidationMessage> mistakes(String yaml) throws IOException {
    return SCHEMA.validate(new YAMLMapper().readTree(yaml));
  }

  @Test
  void fileIsOneOfTheResource() throws IOException {
    assertThat(mistakes(text())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mode: cluster | mode: Cluster",
        "type: Never | type: never",
        "  sparkVersion: 4.2.0 | ''",
        "sparkVersion: 4.2.0 | sparkVersion: 4.2",
        "instances: 2 | instances: '\"2\"'",
        "instances: 2 | instances: 0",
        "instances: 2 | replicas: 2",
        "spark.speculation: '\"false\"' | spark.speculation: false",
        "            key: password | ''",
        "secretKeyRef: | secretRef:",
        "kind: SparkApplication | kind: ScheduledSparkApplication",
        "name: backfill-defectdojo | name: Backfill_defectdojo",
      })
  void mistakeIsFound(String right, String wrong) throws IOException {
    String from = right.replace("'", "");
    String yaml = text().substring(text().indexOf("apiVersion:"));
    assertThat(yaml).contains(from);

    assertThat(mistakes(yaml.replaceFirst(Pattern.quote(from), wrong.replace("'", ""))))
        .isNotEmpty();
  }

  @Test
  void passwordIsASecretsKeyAndNothingElse() throws IOException {
    JsonNode password = null;
    for (JsonNode variable : spec().path("driver").path("env")) {
      if (variable.path("name").asText().equals("BACKFILL_PASSWORD")) {
        password = variable;
      }
    }

    assertThat(password).isNotNull();
    assertThat(password.has("value")).isFalse();
    JsonNode key = password.path("valueFrom").path("secretKeyRef");
    assertThat(text())
        .contains(
            "spark.kubernetes.driver.secretKeyRef.BACKFILL_PASSWORD=%s:%s"
                .formatted(key.path("name").asText(), key.path("key").asText()));
  }

  @Test
  void jarIsWhereTheImageHasItAndMainIsInIt() throws Exception {
    String file = spec().path("mainApplicationFile").asText();

    assertThat(Files.readString(TestingCheckout.root().resolve("Dockerfile")).lines())
        .filteredOn(line -> line.startsWith("COPY"))
        .containsExactly("COPY job/target/backfill.jar " + file.substring("local://".length()));
    assertThat(Class.forName(spec().path("mainClass").asText())).isEqualTo(Main.class);
    assertThat(text()).contains("--class backfill.Main").contains(file + " run ");
  }

  @Test
  void planShipsWithTheJarAndTheReportOutlivesThePod() throws IOException {
    JsonNode words = spec().path("arguments");

    assertThat(words.path(0).asText()).isEqualTo("run");
    assertThat(PlanText.find(words.path(1).asText()).text()).contains("name = ");
    assertThat(words.path(2).asText()).isEqualTo("--report");
    assertThat(words.path(3).asText()).contains("://").doesNotStartWith("file:");
    assertThat(spec().path("restartPolicy").path("type").asText()).isEqualTo("Never");
  }

  @Test
  void sparkIsTheOneOfThePomWithTheLaunchersSettings() throws IOException {
    assertThat(Files.readString(TestingCheckout.root().resolve("pom.xml")))
        .contains("<spark.version>" + spec().path("sparkVersion").asText() + "<");
    Properties defaults = new Properties();
    try (Reader file =
        Files.newBufferedReader(TestingCheckout.root().resolve("conf/spark-defaults.conf"))) {
      defaults.load(file);
    }
    // These are about a run on one machine, or on a standalone cluster.
    Set.of(
            "spark.master",
            "spark.driver.memory",
            "spark.ui.enabled",
            "spark.standalone.submit.filterEnvironment")
        .forEach(defaults::remove);

    JsonNode conf = spec().path("sparkConf");
    assertThat(defaults).isNotEmpty();
    defaults.forEach(
        (key, value) ->
            assertThat(conf.path((String) key).asText()).as("%s", key).isEqualTo(value));
    conf.properties()
        .forEach(
            one ->
                assertThat(TestingCheckout.lines(FILE))
                    .as("the spark-submit line")
                    .anyMatch(
                        line ->
                            line.contains(
                                "--conf " + one.getKey() + "=" + one.getValue().asText())));
  }
}
