package backfill.postgres.preflight;

import backfill.plan.Amount;
import backfill.postgres.catalog.Findings;
import backfill.postgres.server.Inquiry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Looks whether a server has room for our connections, and whether all of them end on the same
 * server.
 */
final class ConnectionRoom {
  private static final int AT_ONCE = 8;
  private static final int FEWEST = 2;

  /** The same text whatever the session's settings: behind a pooler they may be any. */
  private static final String IDENTITY =
      """
      SELECT pg_catalog.concat_ws(
        ' ', extract(epoch FROM pg_catalog.pg_postmaster_start_time()), pg_catalog.pg_is_in_recovery())
      """;

  private ConnectionRoom() {}

  /** Opens one. */
  @FunctionalInterface
  interface Opener {
    Connection open() throws SQLException;
  }

  /**
   * How connections come to a server.
   *
   * @param first one of them
   * @param only the address that their URL means, if it means no other
   */
  record Way(Inquiry first, Optional<InetSocketAddress> only, Opener opener) {
    /** Whether the server says of that address that it is its own: nothing stands between. */
    boolean isDirect() throws SQLException {
      return only.isPresent()
          && first.one(
              """
              SELECT pg_catalog.host(pg_catalog.inet_server_addr()), pg_catalog.inet_server_port()
              """,
              row -> isOf(only.get(), row.getString(1), row.getInt(2)));
    }

    private static boolean isOf(InetSocketAddress address, String host, int port) {
      try {
        return host != null
            && port == address.getPort()
            && InetAddress.getByName(host).equals(address.getAddress());
      } catch (UnknownHostException e) {
        return false;
      }
    }
  }

  private record ConnectionLimit(String name, int most, int taken) {
    int free() {
      return Math.max(0, most - taken);
    }
  }

  /**
   * Refuses if fewer are free than {@code needed}. The one that asks is given back before the
   * others are opened. Who is no superuser sees no {@code backend_type} of others, but sees that
   * they have a database.
   */
  static void needFree(Inquiry inquiry, String place, int needed, String why, Findings findings)
      throws SQLException {
    List<ConnectionLimit> limits =
        inquiry.one(
            """
            WITH client AS (
              SELECT a.usename, a.datname FROM pg_catalog.pg_stat_activity a
              WHERE coalesce(a.backend_type, 'client backend') = 'client backend' AND a.datname IS NOT NULL
                AND a.pid <> pg_catalog.pg_backend_pid()),
            me AS (
              SELECT r.rolname, r.rolsuper, r.rolconnlimit,
                     EXISTS (SELECT FROM pg_catalog.pg_roles p WHERE p.rolname = 'pg_use_reserved_connections'
                             AND pg_catalog.pg_has_role(r.oid, p.oid, 'USAGE')) AS reserved_too
              FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
            SELECT pg_catalog.current_setting('max_connections')::pg_catalog.int4
                   - CASE WHEN me.rolsuper THEN 0 ELSE
                       pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
                       + CASE WHEN me.reserved_too THEN 0 ELSE
                           coalesce(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int4, 0)
                         END END AS of_server,
                   CASE WHEN me.rolsuper THEN -1 ELSE me.rolconnlimit END AS of_role,
                   CASE WHEN me.rolsuper THEN -1 ELSE d.datconnlimit END AS of_database,
                   (SELECT pg_catalog.count(*) FROM client) AS on_server,
                   (SELECT pg_catalog.count(*) FROM client WHERE usename = current_user) AS by_role,
                   (SELECT pg_catalog.count(*) FROM client WHERE datname = d.datname) AS on_database
            FROM me, pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
            """,
            row ->
                List.of(
                    new ConnectionLimit(
                        "max_connections, without those reserved for others",
                        row.getInt("of_server"),
                        row.getInt("on_server")),
                    new ConnectionLimit(
                        "the role's CONNECTION LIMIT",
                        row.getInt("of_role"),
                        row.getInt("by_role")),
                    new ConnectionLimit(
                        "the database's CONNECTION LIMIT",
                        row.getInt("of_database"),
                        row.getInt("on_database"))));
    for (ConnectionLimit limit : limits) {
      if (limit.most() >= 0 && limit.free() < needed) {
        findings.refuse(
            place,
            "%s needed (%s) and %s free: %s is %d, and %s taken; lower read.readers and"
                    .formatted(
                        needed == 1 ? "1 connection is" : needed + " connections are",
                        why,
                        Amount.are(limit.free()),
                        limit.name(),
                        limit.most(),
                        Amount.are(limit.taken()))
                + " write.writers, or raise the limit");
      }
    }
  }

  /**
   * Has several at once, as readers and writers will, and refuses if they reach different servers.
   * Two are enough where the server itself has the only address that the URL means.
   *
   * @param variable that has the URL
   */
  static void needOneServer(Way way, String place, String variable, int several, Findings findings)
      throws SQLException {
    int most = way.isDirect() ? FEWEST : Math.max(FEWEST, Math.min(AT_ONCE, several));
    List<Connection> open = new ArrayList<>();
    Set<String> servers = new HashSet<>(way.first().rows(IDENTITY, row -> row.getString(1)));
    try {
      while (1 + open.size() < most) {
        Connection connection = way.opener().open();
        open.add(connection);
        servers.addAll(Inquiry.rows(connection, IDENTITY, row -> row.getString(1)));
      }
    } finally {
      for (Connection connection : open) {
        connection.close();
      }
    }
    if (servers.size() > 1) {
      findings.refuse(
          place,
          most
              + " connections reached "
              + servers.size()
              + " different servers, and a snapshot of one is unknown to another; name a single server in "
              + variable);
    }
  }
}
