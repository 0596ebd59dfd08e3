package backfill.postgres.catalog;

import backfill.postgres.server.Privilege;
import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Collects every right that preflight asks about, had or lacked: together they are the least that a
 * role needs.
 */
public final class LeastRole {
  private final Set<String> schemas = new LinkedHashSet<>();
  private final Map<TableRight, Set<String>> columns = new LinkedHashMap<>();
  private final Set<TableName> sequences = new LinkedHashSet<>();
  private final Set<String> others = new LinkedHashSet<>();
  private final Set<String> ledger = new LinkedHashSet<>();
  private final Set<String> notes = new LinkedHashSet<>();

  private record TableRight(TableName table, Privilege privilege) {}

  void schema(String schema) {
    schemas.add(schema);
  }

  /** A table may be a source and a target: its columns come together. */
  void columns(Privilege privilege, TableName table, Collection<String> needed) {
    if (!needed.isEmpty()) {
      columns
          .computeIfAbsent(new TableRight(table, privilege), right -> new LinkedHashSet<>())
          .addAll(needed);
    }
  }

  /** A right that only a whole table has. */
  void table(Privilege privilege, TableName table) {
    columns.computeIfAbsent(new TableRight(table, privilege), right -> new LinkedHashSet<>());
  }

  void sequence(TableName sequence) {
    sequences.add(sequence);
  }

  /** A GRANT of another kind, without its role. */
  public void right(String grant) {
    others.add(grant);
  }

  /** What the ledger needs, as GRANTs without their role. */
  public void ledger(List<String> grants) {
    ledger.addAll(grants);
  }

  /** Something that may need a right which only people can know; it stays on one line. */
  public void note(String note) {
    notes.add(note.strip().replaceAll("\\s+", " "));
  }

  /** What people should look at beside the statements. */
  List<String> notes() {
    return List.copyOf(notes);
  }

  /** A GRANT for each schema, sequence, and kind of right on a table. */
  List<String> statements(String database, String role) {
    List<String> statements = new ArrayList<>();
    statements.add("GRANT CONNECT ON DATABASE " + TableName.quote(database));
    schemas.forEach(schema -> statements.add("GRANT USAGE ON SCHEMA " + TableName.quote(schema)));
    columns.forEach(
        (right, needed) -> statements.add(onColumns(right.privilege(), needed, right.table())));
    sequences.forEach(sequence -> statements.add("GRANT USAGE ON SEQUENCE " + sequence.quoted()));
    statements.addAll(others);
    statements.addAll(ledger);
    return statements.stream().map(grant -> grant + " TO " + TableName.quote(role)).toList();
  }

  /** The GRANT without its role. */
  static String onColumns(Privilege privilege, Collection<String> columns, TableName table) {
    return "GRANT "
        + privilege
        + (columns.isEmpty()
            ? ""
            : columns.stream().map(TableName::quote).collect(Collectors.joining(", ", " (", ")")))
        + " ON "
        + table.quoted();
  }
}
