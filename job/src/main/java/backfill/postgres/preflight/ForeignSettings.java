package backfill.postgres.preflight;

import backfill.postgres.catalog.Findings;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Names what our sessions begin with that changes which rows are read or let in, and that is not
 * ours to set: it takes a right that the role of a backfill has no other use for, or another
 * database.
 */
final class ForeignSettings {
  private static final String ENCODING = "server_encoding";

  private static final List<Needed> FOR_READING =
      List.of(
          new Needed("zero_damaged_pages", "off", "which leaves out the rows of a damaged page"),
          new Needed("ignore_checksum_failure", "off", "which takes a damaged page as it is"));

  private static final List<Needed> FOR_WRITING =
      List.of(
          new Needed(
              "session_replication_role", "origin", "which skips foreign keys and triggers"));

  private ForeignSettings() {}

  private record Needed(String name, String value, String why) {}

  /**
   * A setting of the session.
   *
   * @param source as {@code pg_settings} has it
   */
  private record Found(String name, String value, String source, String role, String database) {
    String cure() {
      String reset = "RESET " + name;
      String ofRole = "ALTER ROLE " + TableName.quote(role);
      String inDatabase = "DATABASE " + TableName.quote(database);
      return switch (source) {
        case "database user" -> ofRole + " IN " + inDatabase + " " + reset;
        case "user" -> ofRole + " " + reset;
        case "database" -> "ALTER " + inDatabase + " " + reset;
        case "global" -> "ALTER ROLE ALL " + reset;
        case "client" -> "take it out of the options of the URL";
        default -> "ALTER SYSTEM " + reset + ", or take it out of postgresql.conf";
      };
    }
  }

  /** Where rows are read. */
  static void checkRead(Inquiry inquiry, String place, Findings findings) throws SQLException {
    check(inquiry, place, FOR_READING, findings);
  }

  /** Where rows are written, and read. */
  static void checkWritten(Inquiry inquiry, String place, Findings findings) throws SQLException {
    List<Needed> all = new ArrayList<>(FOR_READING);
    all.addAll(FOR_WRITING);
    check(inquiry, place, all, findings);
  }

  private static void check(Inquiry inquiry, String place, List<Needed> needed, Findings findings)
      throws SQLException {
    List<String> names = new ArrayList<>(List.of(ENCODING));
    needed.forEach(setting -> names.add(setting.name()));
    for (Found found : found(inquiry, names)) {
      if (found.name().equals(ENCODING)) {
        if (found.value().equals("SQL_ASCII")) {
          findings.refuse(
              place,
              "has the encoding SQL_ASCII: its texts are bytes of no known characters, and none can be carried or"
                  + " compared for certain; move its data into a database of encoding UTF8");
        }
        continue;
      }
      needed.stream()
          .filter(setting -> setting.name().equals(found.name()))
          .filter(setting -> !setting.value().equals(found.value()))
          .forEach(
              setting ->
                  findings.refuse(
                      place,
                      "begins our sessions with %s = %s, %s; it must be %s: %s"
                          .formatted(
                              found.name(),
                              found.value(),
                              setting.why(),
                              setting.value(),
                              found.cure())));
    }
  }

  private static List<Found> found(Inquiry inquiry, List<String> names) throws SQLException {
    return inquiry.rows(
        """
        SELECT s.name, s.setting, s.source, session_user, pg_catalog.current_database()
        FROM pg_catalog.pg_settings s WHERE s.name = ANY (?) ORDER BY s.name
        """,
        row ->
            new Found(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getString(5)),
        (Object) names.toArray(String[]::new));
  }
}
