package backfill.postgres;

import backfill.plan.Plan;
import backfill.plan.Source;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Whether a source can be read: it is a table, shows us all of its rows, and its condition can be
 * asked.
 */
final class SourceCheck {
  private final Inquiry inquiry;
  private final Rights rights;
  private final Findings findings;

  SourceCheck(Inquiry inquiry, String user, Findings findings) {
    this.inquiry = inquiry;
    this.rights = new Rights(inquiry, user);
    this.findings = findings;
  }

  static String place(Source source) {
    return "source " + source.name();
  }

  /** Whether it can be read in ctid ranges under a lock of ours. */
  boolean isReadable(Source source, Table table) throws SQLException {
    if (!table.isTable()) {
      findings.refuse(
          place(source),
          table.name()
              + " is "
              + table.kindInWords()
              + "; a source must be a table, because it is read in ctid ranges and held in ACCESS SHARE. Name the"
              + " tables beneath it, and put what it selects under views");
      return false;
    }
    if (!table.foreignParts().isEmpty()) {
      findings.refuse(
          place(source),
          table.foreignParts().get(0)
              + ", a part of "
              + table.name()
              + ", is a foreign table, and no snapshot of ours holds there; name the local parts as sources");
      return false;
    }
    if (new Catalog(inquiry).rowSecurityActive(table)) {
      findings.refuse(place(source), rowSecurity(table));
    }
    return true;
  }

  static String rowSecurity(Table table) {
    return "row security of "
        + table.name()
        + " would hide rows from us; log in as a role with BYPASSRLS, or as the owner without FORCE ROW LEVEL SECURITY";
  }

  /** The columns that are read, and those of the condition. */
  void rights(Source source, Table table, Set<String> needed, Plan plan, String now)
      throws SQLException {
    Set<String> columns = new LinkedHashSet<>(table.columnsToRead(needed));
    if (source.where().isPresent()) {
      columns.addAll(
          lackedByWhere(
              source, table, Parameters.inline(source.where().get(), plan.params(), now)));
    }
    rights.need(place(source), "SELECT", table, columns, findings);
    rights.adviseRanges(place(source), table, plan.settings().read().readers(), findings);
  }

  /** EXPLAIN looks at names, types and rights, and runs nothing. */
  private List<String> lackedByWhere(Source source, Table table, String where) throws SQLException {
    try {
      inquiry.rows(
          "EXPLAIN SELECT FROM " + table.name().quoted() + " WHERE (" + where + "\n)",
          row -> row.getString(1));
      return List.of();
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      if (!"42501"
          .equals(e.getSQLState())) { // insufficient_privilege: the caller names the columns
        findings.refuse(place(source), "where cannot be asked: " + ConnectionFailure.oneLine(e));
        return List.of();
      }
      return table.columnNames().stream().filter(column -> occurs(column, where)).toList();
    }
  }

  private static boolean occurs(String column, String where) {
    return Pattern.compile("(?i)(?<!\\w)" + Pattern.quote(column) + "(?!\\w)")
        .matcher(where)
        .find();
  }

  /** The columns of one source that grants and memberships name, for those that it has. */
  static boolean has(
      String place, Map<String, Table> sources, String from, String column, Findings findings) {
    Table table = sources.get(from);
    if (table == null) {
      return false; // a view, or missing and reported
    }
    if (table.column(column).isEmpty()) {
      findings.refuse(place, noColumn(table, column) + ", as source " + from);
      return false;
    }
    return true;
  }

  static String noColumn(Table table, String column) {
    return table.name()
        + " has no column "
        + TableName.quote(column)
        + CloseNames.hint(column, table.columnNames());
  }
}
