package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A table as the catalog has it.
 *
 * @param kind the catalog's letter: {@code r} for a table, {@code p} for a partitioned one; a blank
 *     for one that is not there yet
 * @param reading how it can be read
 * @param foreignParts partitions and inheritors, at any depth, that live on another server
 */
public record Table(
    long oid,
    TableName name,
    char kind,
    List<Column> columns,
    List<UniqueIndex> uniqueIndexes,
    Reading reading,
    List<TableName> foreignParts) {
  private static final char ABSENT = ' ';

  /**
   * How a table can be read.
   *
   * @param blocks of the largest of itself, its partitions and inheritors: where its ctid ranges
   *     end
   * @param ctidReadable whether we may select {@code ctid}, which is a column of its own for a role
   *     without a right on the whole table
   * @param whollyReadable whether we may select from the whole table, which {@code LOCK TABLE} asks
   *     for
   */
  public record Reading(long blocks, boolean ctidReadable, boolean whollyReadable) {}

  public long blocks() {
    return reading.blocks();
  }

  /** The same table of another size. */
  public Table ofBlocks(long blocks) {
    return new Table(
        oid,
        name,
        kind,
        columns,
        uniqueIndexes,
        new Reading(blocks, ctidReadable(), whollyReadable()),
        foreignParts);
  }

  public boolean ctidReadable() {
    return reading.ctidReadable();
  }

  public boolean whollyReadable() {
    return reading.whollyReadable();
  }

  /** One that is not there yet: nothing is known of it but what it will be called. */
  static Table pending(TableName name) {
    return new Table(0, name, ABSENT, List.of(), List.of(), new Reading(0, false, true), List.of());
  }

  /** Whether it is still to be made. */
  public boolean isPending() {
    return kind == ABSENT;
  }

  /** The column of this name, which is case-sensitive. */
  public Optional<Column> column(String column) {
    return columns.stream().filter(candidate -> candidate.name().equals(column)).findFirst();
  }

  /**
   * What a reader selects to get these columns, in the table's order. Where only rows are counted,
   * any column will do.
   */
  public List<String> columnsToRead(Collection<String> needed) {
    return needed.isEmpty()
        ? columnNames().stream().limit(1).toList()
        : columnNames().stream().filter(needed::contains).toList();
  }

  /** The same table, of which some columns are read in another form. */
  public Table in(Map<String, Column.Form> forms) {
    return with(
        columns.stream()
            .map(column -> column.in(forms.getOrDefault(column.name(), column.form())))
            .toList());
  }

  /** The same table, read in forms that suit the queries of another look at it, too. */
  public Table asNeededBy(Table other) {
    return with(
        columns.stream()
            .map(
                column ->
                    other
                        .column(column.name())
                        .map(same -> column.in(Column.Form.forBoth(column.form(), same.form())))
                        .orElse(column))
            .toList());
  }

  /** The same table, of which numbers and arrays are read as the server's texts: exactly. */
  public Table inTexts() {
    return inTexts(Set.of());
  }

  /**
   * The same table, of which numbers and arrays are read as the server's texts, and some columns as
   * texts that equal values share.
   *
   * @param matched columns of a key whose equal values may be written differently
   */
  public Table inTexts(Set<String> matched) {
    return with(
        columns.stream()
            .map(
                column -> {
                  if (matched.contains(column.name())) {
                    return column.in(Column.Form.KEY);
                  }
                  return switch (ValueGroup.of(column)) {
                    case NUMERIC, ARRAY -> column.in(Column.Form.TEXT);
                    default -> column;
                  };
                })
            .toList());
  }

  /** The same table with these columns in the place of its own: of rows that are not in it. */
  public Table showing(List<Column> others) {
    return with(others);
  }

  private Table with(List<Column> others) {
    return new Table(oid, name, kind, others, uniqueIndexes, reading, foreignParts);
  }

  /** The names of its columns, in their order. */
  public List<String> columnNames() {
    return columns.stream().map(Column::name).toList();
  }

  /** Whether rows can be locked, read by ctid and written here, and not somewhere behind it. */
  public boolean isTable() {
    return kind == 'r' || kind == 'p';
  }

  /** Whether its rows are its own, and not those of what is behind it. */
  public boolean standsForItself() {
    return kind == 'r';
  }

  /** What it is, with an article, for a message. */
  public String kindInWords() {
    return kindInWords(kind);
  }

  /** What one of the catalog's letters stands for. */
  public static String kindInWords(char kind) {
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
