package backfill.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingSpark;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.SQLConf$;
import org.apache.spark.sql.internal.StaticSQLConf;
import org.junit.jupiter.api.Test;

/** Which of Spark's SQL settings may come from outside, and what the job's sessions have. */
class EngineSettingsTest {
  private static final EngineSettings SETTINGS = new EngineSettings("UTC");

  private static final Pattern SOUNDS_LIKE_ANOTHER_RESULT =
      Pattern.compile(
          "legacy|ansi\\b|rebase|overflow|precision|semantic|correct|time ?zone|case.?sensitiv|null|decimal|timestamp",
          Pattern.CASE_INSENSITIVE);

  /** What sounds so and may come from outside all the same: its beginning, and why. */
  private static final Map<String, String> HARMLESS =
      Map.ofEntries(
          Map.entry("spark.sql.avro.", "no query reads or writes an Avro file"),
          Map.entry("spark.sql.orc.", "no query reads or writes an ORC file"),
          Map.entry("spark.sql.parquet.", "no query reads or writes a Parquet file"),
          Map.entry("spark.sql.files.", "no query reads or writes a file"),
          Map.entry("spark.sql.sources.", "of tables in files, which no query reads"),
          Map.entry("spark.sql.hive.", "no query reads a table of Hive"),
          Map.entry("spark.sql.streaming.", "no query is a stream"),
          Map.entry("spark.sql.artifact.", "of Spark Connect"),
          Map.entry("spark.sql.execution.arrow.", "of PySpark"),
          Map.entry("spark.sql.execution.pandas.", "of PySpark"),
          Map.entry("spark.sql.execution.pyspark.", "of PySpark"),
          Map.entry("spark.sql.execution.pythonUDF.", "no query has a function in Python"),
          Map.entry("spark.sql.execution.pythonUDTF.", "no query has a function in Python"),
          Map.entry("spark.sql.pyspark.", "of PySpark"),
          Map.entry("spark.sql.statistics.", "what the optimizer believes of sizes"),
          Map.entry("spark.sql.optimizer.runtime.bloomFilter.", "rows that match no key, early"),
          Map.entry("spark.sql.adaptive.", "how a query is carried out"),
          Map.entry("spark.sql.inMemoryColumnarStorage.", "how kept rows are laid out"));

  private static List<ConfigEntry<?>> all() {
    // Only once its class is loaded are those of a whole context among them.
    assertThat(StaticSQLConf.WAREHOUSE_PATH().key()).isEqualTo("spark.sql.warehouse.dir");
    return List.copyOf(SQLConf$.MODULE$.getConfigEntries());
  }

  @Test
  void everySettingThatSoundsLikeAnotherResultIsOursOrKnownToBeHarmless() {
    assertThat(all()).hasSizeGreaterThan(500);
    assertThat(all().stream().map(ConfigEntry::key))
        .filteredOn(key -> SETTINGS.fateOf(key) == EngineSettings.Fate.FREE)
        .filteredOn(
            key ->
                SOUNDS_LIKE_ANOTHER_RESULT
                    .matcher(key + " " + SQLConf$.MODULE$.getConfigEntry(key).doc())
                    .find())
        .allMatch(key -> HARMLESS.keySet().stream().anyMatch(key::startsWith));
    assertThat(all().stream().map(ConfigEntry::key))
        .filteredOn(key -> key.startsWith("spark.sql.legacy.") || key.startsWith("spark.sql.ansi."))
        .isNotEmpty()
        .noneMatch(key -> SETTINGS.fateOf(key) == EngineSettings.Fate.FREE);
  }

  @Test
  void everySettingOfOursIsOneThatSparkKnows() {
    assertThat(all().stream().map(ConfigEntry::key))
        .filteredOn(key -> SETTINGS.fateOf(key) == EngineSettings.Fate.PINNED)
        .hasSize(22)
        .noneMatch(SQLConf$.MODULE$::isStaticConfigKey)
        // Setting such a one prints a warning.
        .noneMatch(key -> SQLConf$.MODULE$.deprecatedSQLConfigs().contains(key));
  }

  @Test
  void sessionHasTheSameSettingsWhateverItsContextWasStartedWith() {
    SparkSession theirs = TestingSpark.session();
    Map<String, String> expected = new TreeMap<>();
    SparkSession plain = SETTINGS.beside(theirs);
    Map<String, String> drawn = new TreeMap<>();
    for (ConfigEntry<?> entry : all()) {
      if (!SQLConf$.MODULE$.isStaticConfigKey(entry.key())
          && SETTINGS.fateOf(entry.key()) != EngineSettings.Fate.FREE) {
        expected.put(entry.key(), plain.conf().getOption(entry.key()).getOrElse(() -> "nothing"));
        if (entry.defaultValueString().matches("true|false")) {
          drawn.put(entry.key(), String.valueOf(!Boolean.parseBoolean(entry.defaultValueString())));
        }
      }
    }
    drawn.putAll(
        Map.of(
            "spark.sql.session.timeZone", "Asia/Tokyo",
            "spark.sql.storeAssignmentPolicy", "LEGACY",
            "spark.sql.timestampType", "TIMESTAMP_NTZ",
            "spark.sql.mapKeyDedupPolicy", "LAST_WIN",
            "spark.sql.legacy.timeParserPolicy", "LEGACY",
            "spark.sql.legacy.of.another.version", "true",
            "spark.sql.broadcastTimeout", "301"));

    Settings outside = Settings.of(theirs, drawn);
    try {
      SparkSession own = SETTINGS.beside(theirs);
      for (SparkSession each : List.of(own, EngineSettings.newSession(own))) {
        Map<String, String> seen = new TreeMap<>();
        expected
            .keySet()
            .forEach(key -> seen.put(key, each.conf().getOption(key).getOrElse(() -> "nothing")));
        assertThat(seen).isEqualTo(expected);
        assertThat(each.conf().contains("spark.sql.legacy.of.another.version")).isFalse();
        assertThat(each.conf().get("spark.sql.broadcastTimeout")).isEqualTo("301");
      }
    } finally {
      outside.close();
    }
  }

  @Test
  void contextOfOursIsStartedWithoutThem() {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.sql.ansi.enabled", "false")
            .set("spark.sql.extensions", "org.example.Rules")
            .set("spark.sql.legacy.sizeOfNull", "false")
            .set("spark.sql.fromJsonForceNullableSchema", "false")
            .set("spark.sql.shuffle.partitions", "7")
            .set("spark.sql.iceberg.planning", "local");

    List<String> overridden = SETTINGS.overridden(EngineSettings.settings(conf));
    SETTINGS.applyTo(conf);

    assertThat(conf.get("spark.sql.ansi.enabled")).isEqualTo("true");
    assertThat(conf.contains("spark.sql.extensions")).isFalse();
    assertThat(conf.contains("spark.sql.legacy.sizeOfNull")).isFalse();
    assertThat(conf.contains("spark.sql.fromJsonForceNullableSchema")).isFalse();
    assertThat(conf.get("spark.sql.shuffle.partitions")).isEqualTo("7");
    assertThat(conf.get("spark.sql.iceberg.planning")).isEqualTo("local");
    assertThat(overridden)
        .containsExactly(
            "Spark's setting spark.sql.ansi.enabled = false comes from outside, and the job's session has true instead:"
                + " a number that overflows or a text that is no number ends the run; as a NULL, or cut, it would decide"
                + " about access",
            "Spark's setting spark.sql.extensions = org.example.Rules comes from outside, and the job's session has"
                + " Spark's default, nothing, instead: settings that may change a result are the job's own",
            "Spark's setting spark.sql.fromJsonForceNullableSchema = false comes from outside, and the job's session"
                + " has Spark's default, nothing, instead: settings that may change a result are the job's own",
            "Spark's setting spark.sql.legacy.sizeOfNull = false comes from outside, and the job's session has Spark's"
                + " default, true, instead: settings that may change a result are the job's own");
  }

  @Test
  void settingThatIsAsOursIsNoNews() {
    assertThat(
            SETTINGS.overridden(
                Map.of(
                    "spark.sql.ansi.enabled", "TRUE",
                    "spark.sql.legacy.sizeOfNull", "true",
                    "spark.sql.parquet.compression.codec", "zstd",
                    "spark.executor.memory", "4g")))
        .isEmpty();
  }

  @Test
  void extensionsOfAContextThatWasThereStayAndAreNamed() {
    assertThat(
            SETTINGS.overriddenBeside(
                Map.of(
                    "spark.sql.extensions", "org.example.Rules",
                    "spark.sql.warehouse.dir", "/tmp")))
        .containsExactly(
            "Spark was started with spark.sql.extensions = org.example.Rules, which the job's session has, too: what"
                + " that does to its queries is not known");
  }

  /** Settings of a context, as if it had been started with them. */
  private record Settings(SparkConf conf, Map<String, String> drawn) implements AutoCloseable {
    static Settings of(SparkSession session, Map<String, String> drawn) {
      SparkConf conf = session.sparkContext().conf();
      drawn.forEach(conf::set);
      return new Settings(conf, drawn);
    }

    @Override
    public void close() {
      drawn.keySet().forEach(conf::remove);
    }
  }
}
