package backfill.postgres.preflight;

import backfill.plan.Nearest;
import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Rights;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.Privilege;
import backfill.postgres.server.SqlState;
import backfill.postgres.server.SqlWords;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether a source can be read: it is a table, shows us all of its rows, and its condition can be
 * asked.
 */
public final class SourceCheck {
  private final Inquiry inquiry;
  private final Rights rights;
  private final Findings findings;

  public SourceCheck(Inquiry inquiry, String user, Findings findings) {
    this.inquiry = inquiry;
    this.rights = new Rights(inquiry, user);
    this.findings = findings;
  }

  /** Asks about the rights on all of them at once. */
  void ahead(Collection<Table> tables) throws SQLException {
    rights.ahead(tables);
  }

  public static String place(Source source) {
    return "source " + source.name();
  }

  /** Whether it can be read in ctid ranges under a lock of ours. */
  public boolean isReadable(Source source, Table table) throws SQLException {
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
    if (rights.hidesRows(table)) {
      findings.refuse(place(source), rowSecurity(table));
    }
    return true;
  }

  public static String rowSecurity(Table table) {
    return "row security of "
        + table.name()
        + " would hide rows from us; log in as a role with BYPASSRLS, or as the owner without FORCE ROW LEVEL SECURITY";
  }

  /** Of the columns that are read, and those of the condition. */
  public void rights(Source source, Table table, Set<String> needed, Plan plan, String now)
      throws SQLException {
    String place = place(source);
    Set<String> columns = new LinkedHashSet<>(table.columnsToRead(needed));
    columns.stream()
        .flatMap(column -> ValueGroup.refusal(table, table.column(column).orElseThrow()).stream())
        .forEach(reason -> findings.refuse(place, reason));
    Optional<SQLException> denied = Optional.empty();
    if (source.where().isPresent()) {
      String where = Parameters.inline(source.where().get(), plan.params(), now);
      denied = denied(place, "where", table, where);
      columns.addAll(columnsOf(table, where));
    }
    int before = findings.reasons().size();
    rights.need(place, Privilege.SELECT, table, columns, findings);
    if (denied.isPresent() && findings.reasons().size() == before) {
      // Not for the table's own columns: for a function, or another table.
      findings.refuse(place, "where cannot be asked: " + ConnectionFailure.oneLine(denied.get()));
    }
    rights.adviseRanges(place, table, plan.settings().read().readers(), findings);
  }

  /** The columns that a condition under this key names; a reason where it cannot be asked. */
  public List<String> columnsOf(String place, String key, Table table, String condition)
      throws SQLException {
    denied(place, key, table, condition);
    return columnsOf(table, condition);
  }

  /** EXPLAIN looks at names, types and rights, and runs nothing; a lack of rights is returned. */
  private Optional<SQLException> denied(String place, String key, Table table, String where)
      throws SQLException {
    Optional<SQLException> failure = explain(table.name().quoted(), where);
    if (failure.isPresent() && !lacksRights(failure.get())) {
      findings.refuse(place, key + " cannot be asked: " + ConnectionFailure.oneLine(failure.get()));
      return Optional.empty();
    }
    return failure;
  }

  /**
   * The columns that a condition names, whatever our rights: those without which it means nothing.
   * Names are looked up before rights are.
   */
  private List<String> columnsOf(Table table, String where) throws SQLException {
    List<String> named = new ArrayList<>();
    Set<String> names = SqlWords.names(where);
    for (String column : table.columnNames()) {
      if (names.contains(column)) {
        String others =
            table.columnNames().stream()
                .filter(other -> !other.equals(column))
                .map(TableName::quote)
                .collect(Collectors.joining(", "));
        Optional<SQLException> failure =
            explain(
                "(SELECT %s FROM %s) AS %s"
                    .formatted(others, table.name().quoted(), TableName.quote(table.name().name())),
                where);
        if (failure.isPresent() && !lacksRights(failure.get())) {
          named.add(column);
        }
      }
    }
    return named;
  }

  private Optional<SQLException> explain(String from, String where) throws SQLException {
    try {
      inquiry.rows(
          "EXPLAIN SELECT FROM " + from + " WHERE (" + where + "\n)", row -> row.getString(1));
      return Optional.empty();
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      return Optional.of(e);
    }
  }

  private static boolean lacksRights(SQLException failure) {
    return SqlState.INSUFFICIENT_PRIVILEGE.is(failure);
  }

  /** The columns of one source that grants and memberships name, for those that it has. */
  static boolean has(
      String place, Map<String, Table> sources, String from, String column, Findings findings) {
    Table table = sources.get(from);
    if (table == null) {
      return false; // a view, or missing and reported
    }
    if (table.column(column).isEmpty()) {
      findings.refuse(place, noColumn(table, column, ", as source " + from));
      return false;
    }
    return true;
  }

  public static String noColumn(Table table, String column) {
    return noColumn(table, column, "");
  }

  /**
   * @param why goes on after the column's name
   */
  static String noColumn(Table table, String column, String why) {
    return table.name()
        + " has no column "
        + TableName.quote(column)
        + why
        + Nearest.hint(column, table.columnNames());
  }
}
