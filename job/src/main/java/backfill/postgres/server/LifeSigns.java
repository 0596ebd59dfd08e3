package backfill.postgres.server;

import java.util.List;
import java.util.stream.Stream;

/**
 * How soon the server finds out that the machine of a session of ours is gone, and lets go what it
 * holds: snapshot, locks and place. By itself it waits two hours for a machine that says nothing
 * more, and a statement at work runs to its end. Behind a pooler the server's client is the pooler.
 */
final class LifeSigns {
  /** A machine that can't be reached for so long counts as gone; ours ask again for as long. */
  private static final int GONE_SECONDS = 120;

  private static final int SILENT_SECONDS = 60;
  private static final int PROBES = 6;

  private LifeSigns() {}

  /** Columns of the query that settles a session, where {@code s.pooled} says of a pooler. */
  static List<String> columns() {
    return Stream.of(
            column("tcp_keepalives_idle", SILENT_SECONDS, "true"),
            column("tcp_keepalives_interval", (GONE_SECONDS - SILENT_SECONDS) / PROBES, "true"),
            column("tcp_keepalives_count", PROBES, "true"),
            column("tcp_user_timeout", GONE_SECONDS * 1000, "true"),
            // Elsewhere a server may be built without it, and refuses any value but 0.
            column(
                "client_connection_check_interval",
                5000,
                "pg_catalog.version() OPERATOR(pg_catalog.~~) '%linux%'"))
        .toList();
  }

  private static String column(String name, int value, String where) {
    return "CASE WHEN NOT s.pooled AND %s THEN pg_catalog.set_config('%s', '%d', false) END"
        .formatted(where, name, value);
  }
}
