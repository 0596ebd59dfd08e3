package backfill.postgres.undo;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.ChangedRows.Kept;
import backfill.postgres.ledger.ChangedRows.Role;
import backfill.postgres.write.BatchStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.postgresql.PGConnection;

/**
 * The statements that take back the rows of one batch. Rows come in as an array for each column
 * that is kept; {@code n} is one of them, {@code t} the target's row of the same key.
 */
final class UndoStatements {
  private final UndoTable table;
  private final ChangedRows rows;
  private final List<TargetColumn> columns = new ArrayList<>();

  /** For rows that fit the table. */
  UndoStatements(UndoTable table, ChangedRows rows) {
    this.table = table;
    this.rows = rows;
    rows.columns().forEach(kept -> columns.add(table.column(kept).orElseThrow()));
  }

  /** One of the statements, with its rows. */
  PreparedStatement prepare(Connection connection, String sql) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    PGConnection arrays = connection.unwrap(PGConnection.class);
    for (int i = 0; i < columns.size(); i++) {
      statement.setArray(
          i + 1, arrays.createArrayOf(elementType(i), rows.columns().get(i).values()));
    }
    return statement;
  }

  private String elementType(int i) {
    return rows.columns().get(i).values() instanceof long[] ? columns.get(i).elementType() : "text";
  }

  /**
   * Asks for the rows that are there: the place of each, whether it holds what was written, whether
   * it holds what was there before, and for each of the references whether rows refer to it that
   * are not among the given ones themselves.
   */
  String look(List<Reference> references) {
    return "WITH n AS MATERIALIZED (SELECT * FROM "
        + given()
        + ") SELECT n.place, "
        + holds(Role.AFTER)
        + ", "
        + holds(Role.BEFORE)
        + references.stream()
            .map(each -> ", " + each.refers(each.own() ? butGiven() : ""))
            .collect(Collectors.joining())
        + " FROM n JOIN "
        + table.name().quoted()
        + " AS t ON "
        + same("t.");
  }

  /** Keeps every other transaction from changing the rows, and new rows from referring to them. */
  String lock(boolean toDelete, List<TargetColumn> images) {
    return "SELECT n.place"
        + BatchStatement.texts(images)
        + " FROM "
        + table.name().quoted()
        + " AS t JOIN "
        + given()
        + " ON "
        + same("t.")
        + (toDelete ? " FOR UPDATE OF t" : " FOR NO KEY UPDATE OF t");
  }

  /** Answers with the place of each row that went, and what it held. */
  String delete(List<TargetColumn> images) {
    return "DELETE FROM "
        + table.name().quoted()
        + " AS t USING "
        + given()
        + " WHERE "
        + same("t.")
        + " RETURNING n.place"
        + BatchStatement.texts(images);
  }

  /** Answers with the place of each row that was set back, and what it holds since. */
  String setBack(List<TargetColumn> images) {
    return "UPDATE "
        + table.name().quoted()
        + " AS t SET "
        + places(Role.BEFORE)
            .mapToObj(i -> columns.get(i).quoted() + " = " + value(i))
            .collect(Collectors.joining(", "))
        + " FROM "
        + given()
        + " WHERE "
        + same("t.")
        + " RETURNING n.place"
        + BatchStatement.texts(images);
  }

  /** Answers with the place of each row that was put back. */
  String putBack() {
    List<Integer> written =
        IntStream.range(0, columns.size())
            .filter(i -> rows.columns().get(i).role() != Role.AFTER)
            .boxed()
            .toList();
    return "WITH n AS MATERIALIZED (SELECT * FROM "
        + given()
        + "), a AS (INSERT INTO "
        + table.name().quoted()
        + " ("
        + written.stream().map(i -> columns.get(i).quoted()).collect(Collectors.joining(", "))
        + ")"
        + (table.numbersAlways() ? " OVERRIDING SYSTEM VALUE" : "")
        + " SELECT "
        + written.stream().map(this::value).collect(Collectors.joining(", "))
        + " FROM n ON CONFLICT DO NOTHING RETURNING "
        + places(Role.KEY).mapToObj(i -> columns.get(i).quoted()).collect(Collectors.joining(", "))
        + ") SELECT n.place FROM n WHERE EXISTS (SELECT FROM a WHERE "
        + same("a.")
        + ")";
  }

  private String butGiven() {
    return " AND NOT EXISTS (SELECT FROM n WHERE " + same("r.") + ")";
  }

  private String holds(Role role) {
    List<String> unchanged = places(role).mapToObj(this::unchanged).toList();
    return unchanged.isEmpty() ? "true" : "(" + String.join(" AND ", unchanged) + ")";
  }

  /** A json or an xml is no equal of any, but has a text. */
  private String unchanged(int i) {
    TargetColumn column = columns.get(i);
    String stored = "t." + column.quoted();
    return table.table().column(column.name()).filter(Column::comparable).isPresent()
        ? column.unchanged(stored, value(i))
        : stored + "::pg_catalog.text IS NOT DISTINCT FROM " + value(i) + "::pg_catalog.text";
  }

  private String same(String row) {
    return places(Role.KEY)
        .mapToObj(i -> columns.get(i).same(row + columns.get(i).quoted(), value(i)))
        .collect(Collectors.joining(" AND "));
  }

  private IntStream places(Role role) {
    List<Kept> kept = rows.columns();
    return IntStream.range(0, kept.size()).filter(i -> kept.get(i).role() == role);
  }

  private String value(int i) {
    return BatchStatement.value(columns.get(i), i);
  }

  private String given() {
    return BatchStatement.rows(
        IntStream.range(0, columns.size()).mapToObj(this::elementType).toList());
  }
}
