package backfill.postgres.catalog;

import backfill.plan.Amount;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How many values a column still gets from its sequence, within the sequence's bounds and the
 * column's type: an int4 column behind a bigint sequence is full at 2147483647.
 *
 * @param remaining empty where we may not look into the sequence
 * @param cycles whether the sequence begins anew at its end
 */
public record Headroom(
    Table table, Column column, TableName sequence, OptionalLong remaining, boolean cycles) {

  /** Of every column that numbers itself and that no statement of the step writes. */
  public static List<Headroom> of(Connection connection, Table table, Collection<String> written)
      throws SQLException {
    List<Headroom> all = new ArrayList<>();
    for (Column column : table.columns()) {
      if (column.sequence().isPresent() && !written.contains(column.name())) {
        all.add(of(connection, table, column, column.sequence().get()));
      }
    }
    return all;
  }

  /**
   * Why this many new rows, and as many once more, do not fit; empty if they do, or if no one can
   * say.
   */
  public Optional<String> refusal(long rows) {
    BigInteger twice = BigInteger.valueOf(rows).shiftLeft(1);
    if (cycles
        || remaining.isEmpty()
        || twice.compareTo(BigInteger.valueOf(remaining.getAsLong())) <= 0) {
      return Optional.empty();
    }
    return Optional.of(
        "sequence %s has %s left for %s.%s (%s), and two full runs take %d; %s"
            .formatted(
                sequence,
                Amount.of(remaining.getAsLong(), "value"),
                table.name(),
                column.name(),
                column.type(),
                twice,
                cure()));
  }

  /** Why this many new rows do not get a value each; empty if they do, or if no one can say. */
  public Optional<String> lacking(long rows) {
    if (cycles || remaining.isEmpty() || rows <= remaining.getAsLong()) {
      return Optional.empty();
    }
    return Optional.of(
        "would add %s, and sequence %s has %s left for %s.%s (%s); %s"
            .formatted(
                Amount.of(rows, "row"),
                sequence,
                Amount.of(remaining.getAsLong(), "value"),
                table.name(),
                column.name(),
                column.type(),
                cure()));
  }

  /**
   * What stays unsaid because we may not look; empty if all is known or no count of rows can
   * matter.
   */
  public Optional<String> warning() {
    if (cycles) {
      return Optional.of(
          "sequence "
              + sequence
              + " is a CYCLE: at its end it repeats numbers of "
              + table.name()
              + "."
              + column.name());
    }
    return remaining.isEmpty() && !column.type().equals("bigint")
        ? Optional.of(
            "how many values sequence "
                + sequence
                + " has left is not known without a right to look; GRANT SELECT ON SEQUENCE "
                + sequence.quoted())
        : Optional.empty();
  }

  private String cure() {
    String alter = "ALTER SEQUENCE " + sequence.quoted() + " AS bigint NO MAXVALUE";
    if (column.type().equals("bigint")) {
      return alter;
    }
    String widen =
        "ALTER TABLE %s ALTER COLUMN %s TYPE bigint"
            .formatted(table.name().quoted(), TableName.quote(column.name()));
    return widen + ", then " + alter;
  }

  private static Headroom of(Connection connection, Table table, Column column, TableName sequence)
      throws SQLException {
    return Inquiry.rows(
            connection,
            """
            SELECT s.seqrelid, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle,
                   pg_catalog.has_sequence_privilege(s.seqrelid, 'SELECT') AS may_select,
                   pg_catalog.has_sequence_privilege(s.seqrelid, 'USAGE') AS may_use
            FROM pg_catalog.pg_sequence s
            JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relname = ?
            """,
            row ->
                new Headroom(
                    table,
                    column,
                    sequence,
                    remaining(connection, row, column.type(), sequence),
                    row.getBoolean("seqcycle")),
            sequence.schema(),
            sequence.name())
        .get(0);
  }

  private static OptionalLong remaining(
      Connection connection, ResultSet definition, String type, TableName sequence)
      throws SQLException {
    Optional<Position> position = position(connection, definition, sequence);
    if (position.isEmpty()) {
      return OptionalLong.empty();
    }
    BigInteger increment = BigInteger.valueOf(definition.getLong("seqincrement"));
    BigInteger end =
        increment.signum() > 0
            ? BigInteger.valueOf(Math.min(definition.getLong("seqmax"), most(type)))
            : BigInteger.valueOf(Math.max(definition.getLong("seqmin"), -most(type) - 1));
    BigInteger steps = end.subtract(BigInteger.valueOf(position.get().last())).divide(increment);
    BigInteger values = position.get().called() ? steps : steps.add(BigInteger.ONE);
    return OptionalLong.of(
        values.max(BigInteger.ZERO).min(BigInteger.valueOf(Long.MAX_VALUE)).longValueExact());
  }

  private static long most(String type) {
    return switch (type) {
      case "smallint" -> Short.MAX_VALUE;
      case "integer" -> Integer.MAX_VALUE;
      default -> Long.MAX_VALUE;
    };
  }

  /** The last value, and whether it was given out already. */
  private record Position(long last, boolean called) {}

  /** With USAGE alone a sequence that was set but not called looks like a new one. */
  private static Optional<Position> position(
      Connection connection, ResultSet definition, TableName sequence) throws SQLException {
    if (definition.getBoolean("may_select")) {
      return Inquiry.rows(
              connection,
              "SELECT last_value, is_called FROM " + sequence.quoted(),
              row -> new Position(row.getLong(1), row.getBoolean(2)))
          .stream()
          .findFirst();
    }
    if (!definition.getBoolean("may_use")) {
      return Optional.empty();
    }
    long start = definition.getLong("seqstart");
    return Inquiry.rows(
            connection,
            "SELECT pg_catalog.pg_sequence_last_value(?::pg_catalog.oid) AS last",
            row -> {
              long last = row.getLong("last");
              return row.wasNull() ? new Position(start, false) : new Position(last, true);
            },
            definition.getLong("seqrelid"))
        .stream()
        .findFirst();
  }
}
