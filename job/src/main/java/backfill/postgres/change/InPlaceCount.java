package backfill.postgres.change;

import backfill.plan.Step;
import backfill.postgres.catalog.Cascades;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import backfill.postgres.write.CascadeCount;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Counts the rows that a {@code batches} step has to do, without doing anything. */
public final class InPlaceCount {
  private InPlaceCount() {}

  /**
   * How many rows a step would change.
   *
   * @param rows empty where that cannot be known before
   * @param cascaded table to rows that would go along; empty where that cannot be known before, and
   *     where no one asked
   * @param unknown why, or null
   */
  public record Foretold(
      Optional<Long> rows, Optional<Map<String, Long>> cascaded, String unknown) {}

  /** What is left at one moment, and which transactions that moment sees. */
  record Left(long rows, String snapshot) {}

  /** Over the table as the earlier steps of the run will leave it, with its cascades. */
  public static Foretold foretell(ChangeScope scope, FoundChangeTargets changes, Step.InPlace step)
      throws SQLException {
    if (changes.targets().get(step.name()) == null) {
      return unknown("its table is not there yet");
    }
    return scope.ask(
        inquiry -> {
          PendingTable pending = PendingTable.of(inquiry, scope, changes.tables(), step);
          return pending.unknown().isPresent()
              ? unknown(pending.unknown().get())
              : foretold(inquiry, scope, changes.targets().get(step.name()), step, pending.from());
        });
  }

  /** Over the table as it is. */
  public static Foretold now(ChangeScope scope, FoundChangeTargets changes, Step.InPlace step)
      throws SQLException {
    ChangeTarget target = changes.targets().get(step.name());
    return scope.ask(
        inquiry -> foretold(inquiry, scope, target, step, target.table().name().quoted()));
  }

  private static Foretold unknown(String why) {
    return new Foretold(Optional.empty(), Optional.empty(), why);
  }

  private static Foretold foretold(
      Inquiry inquiry, ChangeScope scope, ChangeTarget target, Step.InPlace step, String from)
      throws SQLException {
    Cascades cascades = target.cascades();
    String where = scope.inline(step.where());
    if (step.deletes() && !cascades.turnsBack()) {
      CascadeCount.Counted counted = new CascadeCount(cascades).ask(inquiry, from, where);
      return new Foretold(Optional.of(counted.rows()), Optional.of(counted.along()), null);
    }
    long rows =
        inquiry.askWithoutHurry(
            connection -> {
              SessionSettings.hideNoRows(connection);
              return Inquiry.rows(
                      connection,
                      "SELECT count(*) FROM " + from + " WHERE (" + where + "\n)",
                      row -> row.getLong(1))
                  .get(0);
            });
    return new Foretold(
        Optional.of(rows),
        Optional.empty(),
        step.deletes()
            ? "a foreign key with ON DELETE CASCADE leads back to where it began"
            : null);
  }

  /** What is left now, without the rows of these keys. */
  static Left left(Inquiry inquiry, InPlaceSql sql, Table table, List<List<String>> without)
      throws SQLException {
    return inquiry.askWithoutHurry(
        connection -> {
          SessionSettings.hideNoRows(connection);
          return Inquiry.rows(
                  connection,
                  "SELECT count(*), pg_catalog.pg_current_snapshot()::text FROM "
                      + table.name().quoted()
                      + " WHERE "
                      + sql.left(without),
                  row -> new Left(row.getLong(1), row.getString(2)))
              .get(0);
        });
  }

  /**
   * Of what is left now, the rows that came to be what they are in transactions which that moment
   * did not see. A row's {@code xmin} is half of a number: it is the youngest that is not ahead.
   */
  static long newSince(
      Inquiry inquiry, InPlaceSql sql, Table table, List<List<String>> without, String snapshot)
      throws SQLException {
    String row = TableName.quote(table.name().name()) + ".xmin::text::pg_catalog.int8";
    String next =
        "pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::pg_catalog.int8";
    String full = "((" + next + " - " + row + ") / 4294967296 * 4294967296 + " + row + ")";
    return inquiry.askWithoutHurry(
        connection -> {
          SessionSettings.hideNoRows(connection);
          return Inquiry.rows(
                  connection,
                  "SELECT count(*) FROM "
                      + table.name().quoted()
                      + " WHERE "
                      + sql.left(without)
                      + " AND "
                      + next
                      + " > "
                      + row
                      + " AND NOT pg_catalog.pg_visible_in_snapshot("
                      + full
                      + "::text::pg_catalog.xid8, '"
                      + snapshot
                      + "')",
                  found -> found.getLong(1))
              .get(0);
        });
  }
}
