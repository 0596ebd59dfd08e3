package backfill.postgres.change;

import backfill.plan.Definition;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The values that an enum type has, and the statements that append those it lacks. */
final class EnumLabels {
  private EnumLabels() {}

  /** Those that the type lacks, in the step's order. */
  static List<String> missing(Inquiry inquiry, Definition.EnumValues step) throws SQLException {
    Set<String> there =
        new HashSet<>(
            inquiry.rows(
                "SELECT enumlabel FROM pg_catalog.pg_enum WHERE enumtypid = pg_catalog.to_regtype(?)",
                row -> row.getString(1),
                step.type()));
    List<String> missing = new ArrayList<>(step.values());
    missing.removeIf(there::contains);
    return missing.stream().distinct().toList();
  }

  /** All of them for one transaction; empty where none is missing. */
  static Optional<String> append(Inquiry inquiry, Definition.EnumValues step) throws SQLException {
    List<String> missing = missing(inquiry, step);
    if (missing.isEmpty()) {
      return Optional.empty();
    }
    String type =
        inquiry.one(
            """
            SELECT pg_catalog.format('%I.%I', n.nspname, t.typname)
            FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE t.oid = pg_catalog.to_regtype(?)""",
            row -> row.getString(1), step.type());
    // IF NOT EXISTS: another session may have been faster since we looked.
    return Optional.of(
        missing.stream()
            .map(
                value ->
                    "ALTER TYPE " + type + " ADD VALUE IF NOT EXISTS " + Parameters.quote(value))
            .collect(Collectors.joining(";\n")));
  }
}
