package backfill.postgres.preflight;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.OwnedRows;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import backfill.postgres.write.SetColumn;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the rows that a step adds are its own: one that is not would be added, and looked for in
 * vain, by each run anew.
 */
final class OwnsCheck {
  private final Inquiry inquiry;
  private final Findings findings;

  OwnsCheck(Inquiry inquiry, Findings findings) {
    this.inquiry = inquiry;
    this.findings = findings;
  }

  /**
   * The rows of a condition, and what is to be asked of new ones; a reason where none would be
   * owned.
   *
   * @param columns those that the condition names
   * @param written the columns of new rows
   * @param set more of them, which the plan itself has values for
   */
  OwnedRows check(
      String place,
      Table table,
      String condition,
      List<String> columns,
      List<String> written,
      List<SetColumn> set)
      throws SQLException {
    Map<String, String> defaults = new LinkedHashMap<>();
    for (String name : columns) {
      Column column = table.column(name).orElseThrow();
      Optional<SetColumn> given = set.stream().filter(each -> each.name().equals(name)).findAny();
      if (given.isPresent() && !given.get().isSame()) {
        findings.refuse(
            place,
            "owns asks for %s, where set gives each new row a value of its own; set what is the same in all, or own rows by another column"
                .formatted(TableName.quote(name)));
        return new OwnedRows(condition, columns, Map.of(), false);
      } else if (given.isPresent()) {
        defaults.put(name, given.get().literal());
      } else if (!written.contains(name)) {
        if (column.generated() || column.sequence().isPresent()) {
          return new OwnedRows(condition, columns, Map.of(), false);
        }
        defaults.put(name, "(" + column.defaultValue().orElse("NULL") + ")::" + column.castType());
      }
    }
    OwnedRows owned = new OwnedRows(condition, columns, defaults, defaults.size() < columns.size());
    if (!owned.asked() && holdsNever(table, owned)) {
      findings.refuse(
          place,
          "no row that is added would be among those that owns says (%s): %s; give new rows such a value, or the column such a default"
              .formatted(condition.strip(), inWords(table, columns, set)));
    }
    return owned;
  }

  private boolean holdsNever(Table table, OwnedRows owned) throws SQLException {
    try {
      return !inquiry.one(
          "SELECT coalesce(" + owned.ofNewRow(table.name(), Map.of()) + ", false)",
          row -> row.getBoolean(1));
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      // The condition itself cannot be asked, which has a reason of its own; or a default cannot.
      return false;
    }
  }

  private static String inWords(Table table, List<String> columns, List<SetColumn> set) {
    List<String> values = new ArrayList<>();
    for (String name : columns) {
      Optional<String> value =
          set.stream()
              .filter(each -> each.name().equals(name))
              .findAny()
              .map(each -> each.literal() + " by set")
              .or(
                  () ->
                      table
                          .column(name)
                          .orElseThrow()
                          .defaultValue()
                          .map(sql -> sql + " by default"));
      values.add(name + " is " + value.orElse("NULL"));
    }
    return String.join(", ", values);
  }
}
