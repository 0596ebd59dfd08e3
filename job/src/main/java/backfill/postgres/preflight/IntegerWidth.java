package backfill.postgres.preflight;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.TableName;
import java.util.List;

/** Which integers fit into which column: a value that is cut would be another one. */
final class IntegerWidth {
  /** Narrow to wide: each fits into those behind it. */
  private static final List<String> SERVERS = List.of("smallint", "integer", "bigint");

  /** The engine's, narrow to wide. */
  private static final List<String> ENGINES = List.of("tinyint", "smallint", "int", "bigint");

  private IntegerWidth() {}

  /** Whether the engine's type is of integers. */
  static boolean isInteger(String engine) {
    return ENGINES.contains(engine);
  }

  /** The engine's type for a column of integers. */
  static String engine(Column column) {
    return column.castType().equals("integer") ? "int" : column.castType();
  }

  /** Whether integers of the engine's type may not fit. */
  static boolean isWider(String engine, Column into) {
    return ENGINES.indexOf(engine) > ENGINES.indexOf(engine(into));
  }

  /** Whether integers of a column may not fit another. */
  static boolean isWider(Column column, Column into) {
    return SERVERS.indexOf(column.castType()) > SERVERS.indexOf(into.castType());
  }

  /** Why a wider column is refused. */
  static String refusal(Table table, Column column, Table target, Column into) {
    return "%s.%s goes into %s.%s, and %s does not fit %s; ALTER TABLE %s ALTER COLUMN %s TYPE %s"
        .formatted(
            table.name(),
            column.name(),
            target.name(),
            into.name(),
            column.type(),
            into.type(),
            target.name().quoted(),
            TableName.quote(into.name()),
            column.type());
  }
}
