package backfill.testing;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.sql.internal.SQLConf$;

/**
 * Settings at random, each with a value that is legal: those that a role and a database may have
 * for their sessions, those of Spark's SQL, and the machine's.
 */
public final class TestingSettingsDraw {
  /**
   * Left alone: they are no setting of a session, need what a test server does not have, or take
   * memory or time that says nothing of the job.
   */
  private static final List<String> LEFT_ALONE =
      List.of(
          "application_name",
          "client_encoding",
          "default_transaction_read_only", // preflight refuses it by name
          "geqo_generations", // with its largest value no query begins
          "geqo_pool_size", // with its largest value none has memory
          "local_preload_libraries",
          "session_authorization",
          "transaction_deferrable",
          "transaction_isolation",
          "transaction_read_only",
          "vacuum_cost_delay",
          "tcp_user_timeout",
          "debug_logical_replication_streaming");

  /** Values of settings that are texts; and of some whose bounds are no values to be tried. */
  private static final Map<String, List<String>> TEXTS =
      Map.ofEntries(
          Map.entry("DateStyle", List.of("German, DMY", "SQL, MDY", "Postgres, DMY", "ISO, YMD")),
          Map.entry(
              "TimeZone",
              List.of("America/New_York", "Asia/Kathmandu", "Europe/Berlin", "Pacific/Apia")),
          Map.entry("timezone_abbreviations", List.of("Australia", "India", "Default")),
          Map.entry(
              "search_path",
              List.of(
                  "decoy, pg_catalog, public",
                  "public, decoy, pg_catalog",
                  "\"$user\", public, pg_temp")),
          Map.entry("lc_monetary", List.of("C", "POSIX", "C.UTF-8")),
          Map.entry("lc_numeric", List.of("C", "POSIX")),
          Map.entry("lc_time", List.of("C", "POSIX")),
          Map.entry(
              "default_text_search_config", List.of("pg_catalog.german", "pg_catalog.english")),
          Map.entry("default_tablespace", List.of("pg_default")),
          Map.entry("default_table_access_method", List.of("heap")),
          Map.entry("temp_tablespaces", List.of("pg_default")),
          Map.entry("createrole_self_grant", List.of("set, inherit")),
          Map.entry("work_mem", List.of("64kB", "1GB")),
          Map.entry("maintenance_work_mem", List.of("1MB", "64MB")),
          Map.entry("logical_decoding_work_mem", List.of("64kB")),
          Map.entry("temp_buffers", List.of("800kB")),
          Map.entry("vacuum_buffer_usage_limit", List.of("128kB")),
          Map.entry("scram_iterations", List.of("1")),
          Map.entry("default_statistics_target", List.of("1", "10000")));

  /** Shorter than the run, and longer than what a session's first statement takes. */
  private static final String SHORT_TIMEOUT = "2s";

  private static final Map<String, List<String>> OF_SPARK =
      Map.of(
          "spark.sql.session.timeZone", List.of("Asia/Tokyo", "America/New_York", "+05:45"),
          "spark.sql.storeAssignmentPolicy", List.of("LEGACY", "STRICT"),
          "spark.sql.timestampType", List.of("TIMESTAMP_NTZ"),
          "spark.sql.mapKeyDedupPolicy", List.of("LAST_WIN"),
          "spark.sql.legacy.timeParserPolicy", List.of("LEGACY", "CORRECTED"),
          "spark.sql.shuffle.partitions", List.of("1", "7"),
          "spark.sql.autoBroadcastJoinThreshold", List.of("-1", "1"),
          "spark.sql.codegen.maxFields", List.of("1"));

  private final Random random;

  public TestingSettingsDraw(Random random) {
    this.random = random;
  }

  /** Of a server, as ALTER ROLE and ALTER DATABASE take them. */
  public Map<String, String> ofServer(TestingDatabase database) throws SQLException {
    Map<String, String> drawn = new TreeMap<>();
    for (List<Object> setting :
        database.rows(
            "SELECT name, vartype, min_val, max_val, enumvals FROM pg_settings WHERE context = 'user' ORDER BY name")) {
      String name = (String) setting.get(0);
      if (!LEFT_ALONE.contains(name) && random.nextInt(3) == 0) {
        String value = value(name, setting);
        if (value != null) {
          drawn.put(name, value);
        }
      }
    }
    return drawn;
  }

  private String value(String name, List<Object> setting) throws SQLException {
    if (TEXTS.containsKey(name)) {
      return any(TEXTS.get(name));
    }
    if (name.endsWith("_timeout")) {
      return any(List.of("0", SHORT_TIMEOUT));
    }
    return switch ((String) setting.get(1)) {
      case "bool" -> random.nextBoolean() ? "on" : "off";
      case "enum" -> any(List.of((String[]) ((java.sql.Array) setting.get(4)).getArray()));
      case "integer" ->
          any(List.of((String) setting.get(2), (String) setting.get(3), oneMore(setting)));
      case "real" -> any(List.of((String) setting.get(2), "1"));
      default -> null;
    };
  }

  /** The smallest value that says something, where the smallest of all says never. */
  private static String oneMore(List<Object> setting) {
    return Long.toString(Long.parseLong((String) setting.get(2)) + 1);
  }

  private String any(List<String> of) {
    return of.get(random.nextInt(of.size()));
  }

  /** Sets them for a role or a database; what the server does not take is left out. */
  public static List<String> alter(TestingDatabase by, String what, Map<String, String> settings)
      throws SQLException {
    List<String> taken = new ArrayList<>();
    try (Connection connection = by.connection();
        Statement statement = connection.createStatement()) {
      for (Map.Entry<String, String> setting : settings.entrySet()) {
        String list =
            setting.getKey().equals("search_path")
                ? setting.getValue()
                : quoted(setting.getValue());
        String sql = "ALTER %s SET %s = %s".formatted(what, setting.getKey(), list);
        try {
          statement.execute(sql);
          taken.add(sql);
        } catch (SQLException e) {
          if (!"22023".equals(e.getSQLState())) {
            throw e;
          }
        }
      }
    }
    return taken;
  }

  private static String quoted(String value) {
    return "'" + value.replace("'", "''") + "'";
  }

  /** Of Spark's SQL: switches turned over, and other values of some that are none. */
  public Map<String, String> ofSpark() {
    Map<String, String> drawn = new LinkedHashMap<>();
    for (ConfigEntry<?> entry : List.copyOf(SQLConf$.MODULE$.getConfigEntries())) {
      String key = entry.key();
      if (entry.defaultValueString().matches("true|false")
          && !SQLConf$.MODULE$.isStaticConfigKey(key)
          && random.nextInt(8) == 0) {
        drawn.put(key, entry.defaultValueString().equals("true") ? "false" : "true");
      }
    }
    OF_SPARK.forEach(
        (key, values) -> {
          if (random.nextInt(3) == 0) {
            drawn.put(key, any(values));
          }
        });
    return drawn;
  }

  /** Puts them into a context, as its defaults would have been; what undoes it is returned. */
  public static AutoCloseable given(SparkConf conf, Map<String, String> settings) {
    Map<String, String> before = new LinkedHashMap<>();
    settings.forEach(
        (key, value) -> {
          before.put(key, conf.contains(key) ? conf.get(key) : null);
          conf.set(key, value);
        });
    return () ->
        before.forEach(
            (key, value) -> {
              if (value == null) {
                conf.remove(key);
              } else {
                conf.set(key, value);
              }
            });
  }

  /** Of a machine: variables, and options of its JVM behind them. */
  public Map<String, String> ofMachine() {
    return Map.of(
        "TZ", any(List.of("America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")),
        "LC_ALL", any(List.of("C", "POSIX", "C.UTF-8", "tr_TR.UTF-8")));
  }

  public List<String> ofJvm() {
    return List.of(
        "-Dfile.encoding=" + any(List.of("UTF-8", "ISO-8859-1", "US-ASCII")),
        "-Duser.language=" + any(List.of("en", "tr", "ar", "de")));
  }
}
