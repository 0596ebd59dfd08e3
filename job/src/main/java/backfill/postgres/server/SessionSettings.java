package backfill.postgres.server;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;

/**
 * The settings that every session of ours has, whatever its role, its database, its URL and the
 * machine say: each that changes how a value is read, written, compared or counted, or that would
 * break off what we do.
 *
 * <p>A connection gets them for as long as it lasts, in one round trip, where the server process
 * that answers is the one that greeted us. Where it is another, a pooler stands between, and a SET
 * would stay in a session that other clients get next: there each transaction sets them for itself,
 * by {@link #begin} or {@link #local}.
 */
public final class SessionSettings {
  /** The only one whose value a plan gives, so that a server may not know it. */
  private static final String TIME_ZONE = "TimeZone";

  private static final int OLDEST = 14;

  /**
   * The role's own path, in which a plan names its tables, with two changes. {@code pg_catalog} is
   * not named: then the server looks there first, so that no schema puts a function or an operator
   * in the place of a built-in one, and still creates in the path's first schema. And temporary
   * tables, which a pooler's other clients may have left, are looked for last.
   */
  private static final String PATH =
      "(SELECT CASE WHEN p.rest IS NULL AND p.named THEN ''"
          + " WHEN p.rest IS NULL THEN pg_catalog.current_setting('search_path')"
          + " WHEN p.named THEN p.rest OPERATOR(pg_catalog.||) ', pg_temp'"
          + " ELSE pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.||) ', pg_temp' END"
          + " FROM (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(s.name), ', ' ORDER BY s.place)"
          + " FILTER (WHERE s.name OPERATOR(pg_catalog.<>) 'pg_catalog') AS rest,"
          + " pg_catalog.bool_or(s.name OPERATOR(pg_catalog.=) 'pg_catalog') AS named"
          + " FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS s(name, place)) AS p)";

  private static final Set<String> TIMEOUTS =
      Set.of("statement_timeout", "lock_timeout", "transaction_timeout");

  /**
   * In one message with what follows: a limit of the role would break off all but the shortest
   * statement, and its isolation could wait for a moment without writers.
   */
  private static final String BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED; ";

  private static final Set<String> OF_LITERALS =
      Set.of(
          TIME_ZONE,
          "timezone_abbreviations",
          "DateStyle",
          "IntervalStyle",
          "standard_conforming_strings",
          "array_nulls",
          "xmloption");

  /** Connections over a pooler, to what a transaction of theirs begins with. */
  private static final Map<Connection, Pooled> POOLED =
      Collections.synchronizedMap(new WeakHashMap<>());

  private SessionSettings() {}

  /**
   * One setting.
   *
   * @param since the first major version of the server that knows it
   */
  record Pinned(String name, String value, int since, String reason) {
    Pinned(String name, String value, String reason) {
      this(name, value, OLDEST, reason);
    }

    String local() {
      return "SET LOCAL %s = '%s'".formatted(name, value);
    }
  }

  /** What is to be set in each transaction of a connection. */
  private record Pooled(List<Pinned> pinned) {
    /** None of it takes a snapshot. */
    String settings() {
      return pinned.stream()
          // A limit that is short is lifted before it is over.
          .sorted(Comparator.comparing(setting -> !setting.name().endsWith("_timeout")))
          .map(Pinned::local)
          .collect(Collectors.joining("; "));
    }

    /** Takes one. */
    String path() {
      return "SELECT " + set("search_path", PATH, "true");
    }
  }

  /**
   * All of them but {@code search_path}, which keeps the role's own schemas.
   *
   * @param timeZone that of the plan
   */
  static List<Pinned> pinned(String timeZone) {
    return List.of(
        new Pinned(
            TIME_ZONE,
            timeZone,
            "what a moment without a zone means; the driver sends the machine's"),
        new Pinned("timezone_abbreviations", "Default", "what CET in a literal means"),
        new Pinned("DateStyle", "ISO, MDY", "how a date is written, and whether 1/2 is in January"),
        new Pinned(
            "IntervalStyle", "postgres", "how an interval is written; sql_standard loses signs"),
        new Pinned("extra_float_digits", "1", "less rounds what is written"),
        new Pinned("bytea_output", "hex", "how a bytea is written"),
        new Pinned("lc_monetary", "C", "how money is written and read"),
        new Pinned("lc_numeric", "C", "what to_char and to_number make of D and G"),
        new Pinned("lc_time", "C", "what to_char and to_date make of TMMonth"),
        new Pinned("xmloption", "content", "whether a fragment is xml"),
        new Pinned("xmlbinary", "base64", "how a bytea stands in xml"),
        new Pinned("array_nulls", "on", "whether NULL in an array's text is a NULL"),
        new Pinned("quote_all_identifiers", "off", "how names are written that we compare"),
        new Pinned(
            "standard_conforming_strings", "on", "whether a backslash in a literal is itself"),
        new Pinned("backslash_quote", "safe_encoding", "whether \\' in an E literal is a quote"),
        new Pinned("transform_null_equals", "off", "on makes = NULL true in a condition"),
        new Pinned(
            "default_text_search_config", "pg_catalog.simple", "what to_tsvector makes of a text"),
        new Pinned("gin_fuzzy_search_limit", "0", "more leaves rows out of an answer"),
        new Pinned(
            "row_security", "off", "a policy that hides rows is an error, and never fewer rows"),
        new Pinned(
            "check_function_bodies",
            "on",
            "a step's function is refused when it is made, not when it is used"),
        new Pinned(
            "default_transaction_isolation",
            "read committed",
            "a batch sees what was committed before it"),
        new Pinned(
            "default_transaction_deferrable", "off", "on waits for a moment without writers"),
        new Pinned("exit_on_error", "off", "on ends the session with a refused row"),
        new Pinned("statement_timeout", "0", "would cut a read; our transactions set their own"),
        new Pinned(
            "lock_timeout",
            "0",
            "would break off CREATE INDEX CONCURRENTLY; our transactions set their own"),
        new Pinned(
            "transaction_timeout", "0", 17, "would end the transaction that holds a snapshot"),
        new Pinned(
            "idle_in_transaction_session_timeout",
            "0",
            "would end the transaction that holds a snapshot"),
        new Pinned("idle_session_timeout", "0", "would end a session between two batches"));
  }

  /**
   * Sets all of them for the whole session, unless it is not ours alone.
   *
   * @throws SQLException 22023 if the server does not know the zone
   */
  static void pin(Connection connection, String timeZone) throws SQLException {
    PGConnection driver = connection.unwrap(PGConnection.class);
    int version = connection.getMetaData().getDatabaseMajorVersion();
    List<Pinned> pinned =
        pinned(timeZone).stream().filter(setting -> setting.since() <= version).toList();
    List<String> columns = new ArrayList<>(List.of("s.pooled", SilentSessions.SERVER));
    pinned.forEach(
        setting -> columns.add(set(setting.name(), "'" + setting.value() + "'", "s.pooled")));
    columns.add(set("search_path", PATH, "s.pooled"));
    columns.addAll(LifeSigns.columns());
    String sql =
        BEGIN
            + pinned.stream()
                .filter(setting -> TIMEOUTS.contains(setting.name()))
                .map(Pinned::local)
                .collect(Collectors.joining("; "))
            + "; SELECT "
            + String.join(", ", columns)
            + " FROM (SELECT pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.<>) "
            + driver.getBackendPID()
            + " AS pooled) AS s; COMMIT";
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
      while (statement.getResultSet() == null) {
        statement.getMoreResults();
      }
      try (ResultSet row = statement.getResultSet()) {
        row.next();
        if (row.getBoolean(1)) {
          POOLED.put(connection, new Pooled(pinned));
        }
        SilentSessions.settled(driver, row.getBoolean(1), row.getString(2));
      }
    }
  }

  private static String set(String name, String value, String local) {
    return "pg_catalog.set_config('%s', %s, %s)".formatted(name, value, local);
  }

  /** Whether a pooler stands between us and the server. */
  public static boolean isPooled(Connection connection) {
    return POOLED.containsKey(connection);
  }

  /**
   * Begins a READ COMMITTED transaction with them, where the session does not have them; to be
   * called before anything else of the transaction, in a connection that does not commit by itself.
   */
  public static void begin(Connection connection) throws SQLException {
    Pooled pooled = POOLED.get(connection);
    if (pooled != null) {
      execute(
          connection,
          "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; "
              + pooled.settings()
              + "; "
              + pooled.path());
    }
  }

  /**
   * The same for a transaction whose snapshot is still to be taken; without {@code search_path}.
   */
  public static void beginWithoutSnapshot(Connection connection) throws SQLException {
    Pooled pooled = POOLED.get(connection);
    if (pooled != null) {
      execute(connection, pooled.settings());
    }
  }

  /** What sets them within a transaction that has begun; empty where the session has them. */
  public static Optional<String> local(Connection connection) {
    return Optional.ofNullable(POOLED.get(connection))
        .map(pooled -> pooled.settings() + "; " + pooled.path());
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /**
   * What would break off a statement that runs by itself, outside a transaction, or would change
   * what it means, and cannot be set for it: each setting with its value and the one that is
   * needed. None where no pooler stands between.
   */
  public static List<String> amiss(Connection connection, String sql) throws SQLException {
    Pooled pooled = POOLED.get(connection);
    List<String> amiss = new ArrayList<>();
    if (pooled != null) {
      List<Pinned> needed =
          pooled.pinned().stream()
              .filter(
                  setting ->
                      TIMEOUTS.contains(setting.name())
                          || sql.contains("'") && OF_LITERALS.contains(setting.name()))
              .toList();
      String asked =
          needed.stream()
              .map(setting -> "pg_catalog.current_setting('%s')".formatted(setting.name()))
              .collect(Collectors.joining(", ", "SELECT ", ""));
      try (Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(asked)) {
        row.next();
        for (int i = 0; i < needed.size(); i++) {
          String value = row.getString(i + 1);
          if (!value.equals(needed.get(i).value())) {
            amiss.add(
                "%s is %s, not %s".formatted(needed.get(i).name(), value, needed.get(i).value()));
          }
        }
      }
    }
    return amiss;
  }

  /** Until the transaction ends a policy that hides rows is an error, and never fewer rows. */
  public static void hideNoRows(Connection connection) throws SQLException {
    execute(connection, "SELECT" + untilCommit("row_security", "off"));
  }

  /** SQL, after SELECT, that sets one of them until the transaction ends. */
  public static String untilCommit(String name, String value) {
    return " pg_catalog.set_config('" + name + "', '" + value + "', true)";
  }
}
