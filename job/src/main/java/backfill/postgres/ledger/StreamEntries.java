package backfill.postgres.ledger;

import backfill.postgres.ledger.StreamSlot.Entered;
import backfill.postgres.server.Inquiry;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** Reads and enters one batch of a stream, over a connection whose transaction is the caller's. */
public final class StreamEntries {
  private static final ObjectMapper JSON = new ObjectMapper();

  private StreamEntries() {}

  /** What came of the batch; empty where it is not in. */
  public static Optional<Entered> find(Connection connection, StreamSlot slot) throws SQLException {
    return Inquiry.rows(
            connection,
            "SELECT * FROM " + slot.table() + " WHERE stream = ? AND target = ? AND batch = ?",
            StreamEntries::entered,
            slot.stream(),
            slot.target().quoted(),
            slot.batch())
        .stream()
        .findFirst();
  }

  private static Entered entered(ResultSet row) throws SQLException {
    return new Entered(
        row.getString("query"),
        row.getString("mode"),
        new ModeCounts(
            row.getLong("rows"),
            row.getLong("inserted"),
            row.getLong("updated"),
            row.getLong("unchanged"),
            row.getLong("present"),
            row.getLong("absent"),
            row.getLong("repeated"),
            row.getLong("rejected")),
        rejections(row.getString("rejections")));
  }

  private static List<Rejection> rejections(String json) {
    try {
      return JSON.readValue(LedgerJson.read(json), new TypeReference<List<Rejection>>() {});
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the ledger holds what was written there", e);
    }
  }

  /** Deletes older entries of the stream in its table, but for the newest ones. */
  static void forget(Connection connection, StreamSlot slot, int kept) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            DELETE FROM %1$s WHERE stream = ? AND target = ? AND batch <
              (SELECT batch FROM %1$s WHERE stream = ? AND target = ? ORDER BY batch DESC OFFSET %2$d LIMIT 1)"""
                .formatted(slot.table(), kept - 1))) {
      for (int i = 0; i < 2; i++) {
        statement.setString(2 * i + 1, slot.stream());
        statement.setString(2 * i + 2, slot.target().quoted());
      }
      statement.executeUpdate();
    }
  }

  /** Enters the batch, in the transaction that wrote its rows. */
  public static void enter(
      Connection connection, StreamSlot slot, ModeCounts counts, List<Rejection> rejections)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "INSERT INTO "
                + slot.table()
                + " (stream, target, batch, query, mode, rows, inserted, updated, unchanged, present, absent, repeated,"
                + " rejected, rejections) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)")) {
      statement.setString(1, slot.stream());
      statement.setString(2, slot.target().quoted());
      statement.setLong(3, slot.batch());
      statement.setString(4, slot.query());
      statement.setString(5, slot.mode().toString());
      long[] numbers = {
        counts.rows(),
        counts.inserted(),
        counts.updated(),
        counts.unchanged(),
        counts.present(),
        counts.absent(),
        counts.repeated(),
        counts.rejected()
      };
      for (int i = 0; i < numbers.length; i++) {
        statement.setLong(6 + i, numbers[i]);
      }
      statement.setString(14, LedgerJson.stored(JSON.writeValueAsString(rejections)));
      statement.executeUpdate();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("keys and reasons are texts", e);
    }
  }
}
