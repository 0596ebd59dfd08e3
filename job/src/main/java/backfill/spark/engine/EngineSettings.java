package backfill.spark.engine;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.SQLConf$;
import org.apache.spark.sql.internal.StaticSQLConf;
import scala.Tuple2;

/**
 * Decides Spark's SQL settings in every session of the job: those that change what a query gives
 * are the same on every machine, whatever a cluster's defaults, {@code --conf} or the session of a
 * notebook say. Some have the values below; all others go back to Spark's own defaults, unless they
 * are known to decide about speed alone.
 */
public final class EngineSettings {
  static final String TIME_ZONE = "spark.sql.session.timeZone";

  private static final String LEGACY = "spark.sql.legacy.";

  private final Map<String, Pinned> pinned = new LinkedHashMap<>();

  /**
   * @param timeZone what a moment without a zone means
   */
  EngineSettings(String timeZone) {
    pin(TIME_ZONE, timeZone, "a moment without a zone means the same on every machine");
    pin(
        "spark.sql.ansi.enabled",
        "true",
        "a number that overflows or a text that is no number ends the run; as a NULL, or cut, it would decide about"
            + " access");
    pin("spark.sql.storeAssignmentPolicy", "ANSI", "a value is not cut to fit its column");
    pin(
        "spark.sql.decimalOperations.allowPrecisionLoss",
        "false",
        "a sum or a product that needs more digits than there are ends the run and is not rounded");
    pin("spark.sql.timestampType", "TIMESTAMP_LTZ", "TIMESTAMP in a query is a moment");
    pin("spark.sql.caseSensitive", "false", "a name means the same in capitals, as in PostgreSQL");
    pin("spark.sql.variable.substitute", "false", "what runs is what the plan's text says");
    pin("spark.sql.parser.quotedRegexColumnNames", "false", "a name in backticks is a name");
    pin("spark.sql.ansi.doubleQuotedIdentifiers", "false", "double quotes hold a text");
    pin("spark.sql.ansi.enforceReservedKeywords", "false", "a column may have any name");
    pin("spark.sql.ansi.relationPrecedence", "false", "joins go from left to right");
    pin("spark.sql.groupByOrdinal", "true", "GROUP BY 1 means the first column");
    pin("spark.sql.groupByAliases", "true", "GROUP BY knows the names of the SELECT list");
    pin("spark.sql.orderByOrdinal", "true", "ORDER BY 1 means the first column");
    pin("spark.sql.retainGroupColumns", "true", "the job counts rows by their key");
    pin("spark.sql.crossJoin.enabled", "true", "a join is what its condition says");
    pin("spark.sql.mapKeyDedupPolicy", "EXCEPTION", "of two values for one key none is dropped");
    pin("spark.sql.icu.caseMappings.enabled", "true", "upper() follows no machine's language");
    pin("spark.sql.datetime.java8API.enabled", "false", "the job takes times as Spark gives them");
    pin("spark.sql.runSQLOnFiles", "false", "a query reads the plan's sources and no file");
    pin("spark.sql.defaultCatalog", "spark_catalog", "a query reads the plan's sources alone");
    pin(
        "spark.sql.execution.sortBeforeRepartition",
        "true",
        "a task that runs again gives the same");
  }

  private void pin(String key, String value, String because) {
    pinned.put(key, new Pinned(value, because));
  }

  private record Pinned(String value, String because) {}

  /** What becomes of a setting that comes from outside. */
  enum Fate {
    /** It has a value of ours. */
    PINNED,
    /** Spark's own default holds. */
    DEFAULT,
    /** It stays: it changes no result, or Spark does not know it. */
    FREE
  }

  /** What becomes of this one. */
  Fate fateOf(String key) {
    if (pinned.containsKey(key)) {
      return Fate.PINNED;
    }
    return isKnown(key) && !FreeSettings.has(key) ? Fate.DEFAULT : Fate.FREE;
  }

  /** One that was removed, too: with it, no session would start. */
  private static boolean isKnown(String key) {
    // Named, because only then those of a whole context are known, too.
    return key.equals(StaticSQLConf.SPARK_SESSION_EXTENSIONS().key())
        || key.startsWith(LEGACY)
        || SQLConf$.MODULE$.getConfigEntry(key) != null
        || SQLConf$.MODULE$.removedSQLConfigs().contains(key);
  }

  /**
   * A session beside this one, with the settings of the job and nothing of the other's views.
   *
   * @param spark one of the job's own: the new one has its time zone
   */
  public static SparkSession newSession(SparkSession spark) {
    return new EngineSettings(spark.conf().get(TIME_ZONE)).beside(spark);
  }

  /** A session of the job beside one that may be anybody's, which stays as it is. */
  SparkSession beside(SparkSession other) {
    SparkSession own = other.newSession();
    RuntimeConfig conf = own.conf();
    for (String key : asJava(conf.getAll()).keySet()) {
      if (fateOf(key) == Fate.DEFAULT && !SQLConf$.MODULE$.isStaticConfigKey(key)) {
        conf.unset(key);
      }
    }
    pinned.forEach((key, ours) -> conf.set(key, ours.value()));
    return own;
  }

  /** The settings of a context that is still to be made, and of all its sessions. */
  void applyTo(SparkConf conf) {
    for (String key : settings(conf).keySet()) {
      if (fateOf(key) == Fate.DEFAULT) {
        conf.remove(key);
      }
    }
    pinned.forEach((key, ours) -> conf.set(key, ours.value()));
  }

  static Map<String, String> settings(SparkConf conf) {
    Map<String, String> settings = new TreeMap<>();
    for (Tuple2<String, String> each : conf.getAll()) {
      settings.put(each._1(), each._2());
    }
    return settings;
  }

  /** Those of a session, and those of its context that a session beside it would have. */
  static Map<String, String> settings(SparkSession session) {
    Map<String, String> settings = settings(session.sparkContext().getConf());
    settings.putAll(asJava(session.conf().getAll()));
    return settings;
  }

  /** A sentence for each setting from outside that is another one in a context of ours. */
  List<String> overridden(Map<String, String> outside) {
    List<String> sentences = new ArrayList<>();
    outside.forEach(
        (key, given) -> {
          if (contradicts(key, given)) {
            sentences.add(overridden(key, given));
          }
        });
    return sentences;
  }

  /** The same where the context was there before the job: what only a context has stays. */
  List<String> overriddenBeside(Map<String, String> outside) {
    List<String> sentences = new ArrayList<>();
    outside.forEach(
        (key, given) -> {
          if (contradicts(key, given)) {
            sentences.add(
                SQLConf$.MODULE$.isStaticConfigKey(key)
                    ? "Spark was started with %s = %s, which the job's session has, too: what that does to its queries"
                            .formatted(key, given)
                        + " is not known"
                    : overridden(key, given));
          }
        });
    return sentences;
  }

  private boolean contradicts(String key, String given) {
    return switch (fateOf(key)) {
      case PINNED -> !given.strip().equalsIgnoreCase(pinned.get(key).value());
      case DEFAULT -> !given.strip().equalsIgnoreCase(ownDefault(key));
      case FREE -> false;
    };
  }

  private String overridden(String key, String given) {
    Pinned ours = pinned.get(key);
    return "Spark's setting %s = %s comes from outside, and the job's session has %s instead: %s"
        .formatted(
            key,
            shown(given),
            ours == null ? "Spark's default, " + shown(ownDefault(key)) + "," : ours.value(),
            ours == null ? "settings that may change a result are the job's own" : ours.because());
  }

  private static String shown(String value) {
    return value.isEmpty() ? "nothing" : value;
  }

  private static String ownDefault(String key) {
    ConfigEntry<?> entry = SQLConf$.MODULE$.getConfigEntry(key);
    return entry == null || entry.defaultValueString().equals(ConfigEntry.UNDEFINED())
        ? ""
        : entry.defaultValueString();
  }
}
