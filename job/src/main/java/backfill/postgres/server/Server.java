package backfill.postgres.server;

import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;

/**
 * A server as it introduces itself.
 *
 * @param address host, port and database, for people
 * @param release which PostgreSQL it is
 * @param standby whether it is in recovery, and so cannot be written to
 * @param readOnly whether transactions begin as READ ONLY there
 * @param instance what tells it from other servers
 */
public record Server(
    String address,
    Release release,
    String user,
    boolean standby,
    boolean readOnly,
    String database,
    Instance instance) {
  /** The first release that will do. */
  public static final int OLDEST = 140000;

  /**
   * Which PostgreSQL a server is.
   *
   * @param number as {@code server_version_num} gives it, 160004
   */
  record Release(int number, String version) {}

  /**
   * What tells a server from others.
   *
   * @param systemIdentifier the same on a primary and its replicas, and nowhere else; null where
   *     the server does not let us ask
   * @param started when its process did, as it prints it: two of one identifier are told apart by
   *     it
   * @param asked the time by its own clock
   */
  record Instance(String systemIdentifier, String started, Instant asked) {}

  public int versionNumber() {
    return release.number();
  }

  public String version() {
    return release.version();
  }

  public String systemIdentifier() {
    return instance.systemIdentifier();
  }

  String started() {
    return instance.started();
  }

  /** The time by its own clock, when it introduced itself. */
  public Instant asked() {
    return instance.asked();
  }

  /** Whether both are one server, or a primary and a replica; null where that is not known. */
  private Boolean sameSystem(Server other) {
    return systemIdentifier() == null || other.systemIdentifier() == null
        ? null
        : (Boolean) systemIdentifier().equals(other.systemIdentifier());
  }

  /** Whether a database of this name is one there and here. */
  public boolean isDatabaseOf(Server other) {
    Boolean same = sameSystem(other);
    return (same == null ? started().equals(other.started()) : same)
        && database.equals(other.database);
  }

  /** Asks a server who it is. */
  public static Server of(Inquiry inquiry, String address) throws SQLException {
    try {
      return of(inquiry, address, "(SELECT system_identifier FROM pg_catalog.pg_control_system())");
    } catch (SQLException e) {
      if (SqlState.INSUFFICIENT_PRIVILEGE.is(e) || SqlState.UNDEFINED_FUNCTION.is(e)) {
        return of(inquiry, address, "NULL");
      }
      throw e;
    }
  }

  private static Server of(Inquiry inquiry, String address, String system) throws SQLException {
    return inquiry.one(
        """
        SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS number,
               pg_catalog.current_setting('server_version') AS version,
               current_user AS me,
               pg_catalog.pg_is_in_recovery() AS standby,
               pg_catalog.current_setting('default_transaction_read_only')::pg_catalog.bool AS read_only,
               pg_catalog.current_database() AS database,
               %s AS system,
               pg_catalog.pg_postmaster_start_time()::pg_catalog.text AS started,
               (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8 AS asked
        """
            .formatted(system),
        row ->
            new Server(
                address,
                new Release(row.getInt("number"), row.getString("version")),
                row.getString("me"),
                row.getBoolean("standby"),
                row.getBoolean("read_only"),
                row.getString("database"),
                new Instance(
                    row.getString("system"),
                    row.getString("started"),
                    Instant.ofEpochMilli(row.getLong("asked")))));
  }

  /** The server's time, in UTC with microseconds. */
  public static String now(Inquiry inquiry) throws SQLException {
    return inquiry.one(
        """
        SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC',
                                  'YYYY-MM-DD HH24:MI:SS.US') || '+00'
        """,
        row -> row.getString(1));
  }

  /** Why this server is too old; empty if it is not. */
  public static Optional<String> tooOld(int versionNumber, String version) {
    return versionNumber >= OLDEST
        ? Optional.empty()
        : Optional.of("runs PostgreSQL " + version + ", and 14 or later is needed; upgrade it");
  }

  /** Why nothing can be written here; empty if it can. */
  public Optional<String> unwritable(String variable) {
    if (standby) {
      return Optional.of(
          "is a standby, and only a primary can be written to; set "
              + variable
              + " to the primary");
    }
    return readOnly
        ? Optional.of(
            "begins transactions as READ ONLY (default_transaction_read_only is on) and cannot be written to; turn it"
                + " off for \""
                + user
                + "\", or name another server in "
                + variable)
        : Optional.empty();
  }

  /** Why reading there and writing here would mix two databases; empty if both are one. */
  public Optional<String> notTheSameAs(Server reading, String variable) {
    if (Boolean.FALSE.equals(sameSystem(reading))) {
      return Optional.of(
          "is no replica of "
              + address
              + ": its system identifier is "
              + reading.systemIdentifier()
              + ", not "
              + systemIdentifier()
              + "; set "
              + variable
              + " to a replica, or leave it unset");
    }
    if (!standby && !reading.standby && !started().equals(reading.started())) {
      return Optional.of(
          "is no replica of "
              + address
              + " any more: it takes writes of its own, as one that was promoted does; set "
              + variable
              + " to a replica, or leave it unset");
    }
    return database.equals(reading.database)
        ? Optional.empty()
        : Optional.of(
            "reads database \""
                + reading.database
                + "\" while \""
                + database
                + "\" is written; name the same database in "
                + variable);
  }
}
