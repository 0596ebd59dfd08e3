package backfill.postgres.server;

import backfill.plan.Plan;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * A database and a role whose sessions begin with another value of every setting that matters, half
 * of them by ALTER DATABASE, half by ALTER ROLE, and with a schema in front of {@code pg_catalog}
 * that turns operators around. Functions say from within a statement whether its session has our
 * settings, and the server counts how often each was asked.
 */
public final class TestingHostileSettings implements AutoCloseable {
  private static final String LONG = "10min";

  private final TestingDatabase database = TestingPostgres.shared().createDatabase();
  private final String role = "hostile_" + UUID.randomUUID().toString().replace("-", "");

  /**
   * @param probes names; each is a function of the database that is true, or an error
   */
  public TestingHostileSettings(String... probes) throws SQLException {
    database.execute(
        "CREATE ROLE " + role + " LOGIN SUPERUSER PASSWORD 'hostile'",
        "CREATE SCHEMA shadow",
        turned("int4", "int4ne"),
        turned("int8", "int8ne"),
        turned("text", "textne"),
        turned("uuid", "uuid_ne"),
        "CREATE FUNCTION shadow.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT 'epoch'::timestamptz$$",
        "CREATE FUNCTION shadow.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$SELECT 'epoch'::timestamptz$$",
        "CREATE FUNCTION shadow.count(text) RETURNS bigint LANGUAGE sql AS $$SELECT 0::bigint$$",
        probe());
    for (String probe : probes) {
      database.execute(
          "CREATE FUNCTION %s() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN public.pinned('%s'); END $$"
              .formatted(probe, probe),
          "CREATE FUNCTION %s_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.%s(); RETURN NEW; END $$"
              .formatted(probe, probe));
    }
    boolean ofRole = false;
    for (Map.Entry<String, String> setting : settings(version()).entrySet()) {
      ofRole = !ofRole;
      String of = ofRole ? "ROLE " + role : "DATABASE " + database.name();
      String value =
          setting.getKey().equals("search_path")
              ? setting.getValue()
              : "'" + setting.getValue() + "'";
      database.execute("ALTER " + of + " SET " + setting.getKey() + " = " + value);
    }
    database.execute("ALTER ROLE " + role + " SET track_functions = 'all'");
  }

  private static String turned(String type, String other) {
    return "CREATE OPERATOR shadow.= (LEFTARG = %s, RIGHTARG = %s, FUNCTION = pg_catalog.%s)"
        .formatted(type, type, other);
  }

  private int version() throws SQLException {
    return (int) database.count("SELECT current_setting('server_version_num')::int / 10000");
  }

  /** Another value for each. */
  static Map<String, String> settings(int version) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("TimeZone", "Asia/Kolkata");
    settings.put("timezone_abbreviations", "India");
    settings.put("DateStyle", "German, DMY");
    settings.put("IntervalStyle", "sql_standard");
    settings.put("extra_float_digits", "-10");
    settings.put("bytea_output", "escape");
    settings.put("lc_monetary", "POSIX");
    settings.put("lc_numeric", "POSIX");
    settings.put("lc_time", "POSIX");
    settings.put("xmloption", "document");
    settings.put("xmlbinary", "hex");
    settings.put("array_nulls", "off");
    settings.put("quote_all_identifiers", "on");
    settings.put("standard_conforming_strings", "off");
    settings.put("backslash_quote", "off");
    settings.put("transform_null_equals", "on");
    settings.put("default_text_search_config", "pg_catalog.german");
    settings.put("gin_fuzzy_search_limit", "5");
    settings.put("row_security", "on");
    settings.put("check_function_bodies", "off");
    settings.put("default_transaction_isolation", "serializable");
    settings.put("default_transaction_deferrable", "on");
    settings.put("exit_on_error", "on");
    settings.put("statement_timeout", LONG);
    settings.put("lock_timeout", LONG);
    if (version >= 17) {
      settings.put("transaction_timeout", LONG);
    }
    settings.put("idle_in_transaction_session_timeout", LONG);
    settings.put("idle_session_timeout", LONG);
    settings.put("search_path", "shadow, pg_catalog, public");
    return settings;
  }

  /** Our own transactions set timeouts of their own: there no more is known than that it is set. */
  private String probe() throws SQLException {
    int version = version();
    List<String> wanted = new ArrayList<>();
    for (SessionSettings.Pinned setting : SessionSettings.pinned(Plan.UTC)) {
      if (setting.since() <= version && !setting.name().endsWith("_timeout")) {
        wanted.add("('%s', '%s')".formatted(setting.name(), setting.value()));
      }
    }
    String timeouts =
        settings(version).keySet().stream()
            .filter(name -> name.endsWith("_timeout"))
            .map(name -> "'" + name + "'")
            .collect(Collectors.joining(", "));
    return """
        CREATE FUNCTION pinned_but_path(place text) RETURNS boolean LANGUAGE plpgsql AS $$
        DECLARE wrong text;
        BEGIN
          SELECT pg_catalog.string_agg(pg_catalog.concat(w.name, ' is ', pg_catalog.current_setting(w.name)), ', ')
            INTO wrong FROM (VALUES %s) AS w(name, value)
            WHERE pg_catalog.current_setting(w.name) OPERATOR(pg_catalog.<>) w.value;
          IF wrong IS NOT NULL THEN RAISE EXCEPTION '%% has not our settings: %%', place, wrong; END IF;
          SELECT pg_catalog.string_agg(t, ', ') INTO wrong FROM pg_catalog.unnest(ARRAY[%s]) AS t
            WHERE pg_catalog.current_setting(t) OPERATOR(pg_catalog.=) '%s';
          IF wrong IS NOT NULL THEN RAISE EXCEPTION '%% has not our timeouts: %%', place, wrong; END IF;
          RETURN true;
        END $$;
        CREATE FUNCTION pinned(place text) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM public.pinned_but_path(place);
          IF pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.<>) 'shadow, public, pg_temp' THEN
            RAISE EXCEPTION '%% has not our path: %%', place, pg_catalog.current_setting('search_path'); END IF;
          IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.=) 'serializable' THEN
            RAISE EXCEPTION '%% is serializable', place; END IF;
          RETURN true;
        END $$"""
        .formatted(String.join(", ", wanted), timeouts, LONG);
  }

  public TestingDatabase database() {
    return database;
  }

  /** What the job is given to log in as the role. */
  public Map<String, String> environment() {
    return environment(database.url());
  }

  /**
   * The same by another way.
   *
   * @param url of a proxy
   */
  public Map<String, String> environment(String url) {
    return Map.of("BACKFILL_URL", url, "BACKFILL_USER", role, "BACKFILL_PASSWORD", "hostile");
  }

  /** The probes that no session has asked. */
  public List<String> notAsked(String... probes) throws SQLException {
    List<String> notAsked = new ArrayList<>(List.of(probes));
    for (List<Object> asked :
        database.rows("SELECT funcname::text FROM pg_stat_user_functions WHERE calls > 0")) {
      notAsked.remove(asked.get(0));
    }
    return notAsked;
  }

  @Override
  public void close() throws SQLException {
    database.close();
    try (TestingDatabase another = TestingPostgres.shared().createDatabase()) {
      another.execute("DROP ROLE " + role);
    }
  }
}
