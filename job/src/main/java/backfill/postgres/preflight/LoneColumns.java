package backfill.postgres.preflight;

import backfill.plan.Nearest;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.ledger.WriteMode;
import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Whether the columns of a DataFrame, by name, make rows of a table. */
final class LoneColumns {
  private static final String PLACE = "columns";

  private LoneColumns() {}

  static void check(
      Table table, List<String> key, List<String> given, WriteMode mode, Findings findings) {
    if (mode.sets()) {
      settable(table, key, given, mode, findings);
    }
    absent(table, given, findings);
    twice(given, findings);
    absentKey(table, key, given, findings);
    for (Column column : table.columns()) {
      if (given.contains(column.name())) {
        if (ValueGroup.of(column) == ValueGroup.REFUSED) {
          findings.refuse(PLACE, unfit(table, column));
        }
        Optional<String> unwritable =
            mode.adds() || !key.contains(column.name()) ? column.unwritable() : Optional.empty();
        unwritable.ifPresent(
            why ->
                findings.refuse(
                    PLACE,
                    table.name()
                        + "."
                        + column.name()
                        + " "
                        + why
                        + " and cannot be written; drop it from the DataFrame"));
      } else if (mode.adds() && !column.fillsItself() && !key.contains(column.name())) {
        findings.refuse(
            PLACE,
            table.name()
                + "."
                + column.name()
                + " is NOT NULL without a default, and the DataFrame has no such column"
                + otherCase(column.name(), given)
                + "; add it");
      }
    }
  }

  private static void settable(
      Table table, List<String> key, List<String> given, WriteMode mode, Findings findings) {
    if (key.containsAll(given)) {
      findings.refuse(
          PLACE,
          "the DataFrame has no column beside the key, so that mode %s has nothing to set; add one%s"
              .formatted(mode, mode.adds() ? ", or use mode ignore" : ""));
    }
    for (Column column : table.columns()) {
      boolean set = given.contains(column.name()) && !key.contains(column.name());
      if (set && !column.comparable() && ValueGroup.of(column) != ValueGroup.REFUSED) {
        findings.refuse(
            PLACE,
            "%s.%s is %s, of which PostgreSQL cannot say whether two values are the same, and mode %s sets what differs; drop it from the DataFrame, or use mode ignore"
                .formatted(table.name(), column.name(), column.type(), mode));
      }
    }
  }

  private static String unfit(Table table, Column column) {
    return "%s.%s is %s, whose values %s"
        .formatted(
            table.name(),
            column.name(),
            column.type(),
            column.castType().startsWith("reg")
                ? "name objects of one database; drop it from the DataFrame, and write the objects' names into a text column"
                : "no statement can write; drop it from the DataFrame");
  }

  private static void absent(Table table, List<String> given, Findings findings) {
    for (String name : new LinkedHashSet<>(given)) {
      if (table.column(name).isEmpty()) {
        String beside = otherCase(name, table.columnNames());
        findings.refuse(
            PLACE,
            table.name()
                + " has no column "
                + TableName.quote(name)
                + beside
                + "; name the DataFrame's columns as the table's"
                + (beside.isEmpty() ? Nearest.hint(name, table.columnNames()) : ""));
      }
    }
  }

  /** Spark takes two names that differ in case for one, and PostgreSQL does not. */
  private static String otherCase(String name, List<String> beside) {
    return beside.stream()
        .filter(other -> other.equalsIgnoreCase(name) && !other.equals(name))
        .findFirst()
        .map(
            other ->
                " (there is "
                    + TableName.quote(other)
                    + ", and to PostgreSQL that is another name: case counts)")
        .orElse("");
  }

  private static void twice(List<String> given, Findings findings) {
    Set<String> seen = new LinkedHashSet<>();
    for (String name : given) {
      if (!seen.add(name)) {
        findings.refuse(
            PLACE,
            "the DataFrame has column "
                + TableName.quote(name)
                + " more than once; give each column of the table one value");
      }
    }
  }

  private static void absentKey(
      Table table, List<String> key, List<String> given, Findings findings) {
    List<String> absent = new ArrayList<>(key);
    absent.removeAll(given);
    if (!absent.isEmpty()) {
      findings.refuse(
          PLACE,
          "the DataFrame has no column "
              + String.join(", ", absent)
              + otherCase(absent.get(0), given)
              + ", and the key of "
              + table.name()
              + " is ("
              + String.join(", ", key)
              + "); add it, or name another unique index's columns by option key");
    }
  }
}
