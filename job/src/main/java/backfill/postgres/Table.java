package backfill.postgres;

import java.util.List;
import java.util.Optional;

/**
 * A table as the catalog has it.
 *
 * @param kind the catalog's letter: {@code r} for a table, {@code p} for a partitioned one
 * @param blocks of the largest of itself, its partitions and inheritors: where its ctid ranges end
 * @param foreignParts partitions and inheritors, at any depth, that live on another server
 */
public record Table(
    long oid,
    TableName name,
    char kind,
    List<Column> columns,
    List<UniqueIndex> uniqueIndexes,
    long blocks,
    List<TableName> foreignParts) {

  /** The column of this name, which is case-sensitive. */
  public Optional<Column> column(String column) {
    return columns.stream().filter(candidate -> candidate.name().equals(column)).findFirst();
  }

  List<String> columnNames() {
    return columns.stream().map(Column::name).toList();
  }

  /** Whether rows can be locked, read by ctid and written here, and not somewhere behind it. */
  boolean isTable() {
    return kind == 'r' || kind == 'p';
  }

  /** What it is, with an article, for a message. */
  String kindInWords() {
    return switch (kind) {
      case 'r' -> "a table";
      case 'p' -> "a partitioned table";
      case 'v' -> "a view";
      case 'm' -> "a materialized view";
      case 'f' -> "a foreign table";
      case 'S' -> "a sequence";
      case 'c' -> "a composite type";
      default -> "an index";
    };
  }
}
