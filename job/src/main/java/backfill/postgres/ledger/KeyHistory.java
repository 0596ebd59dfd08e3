package backfill.postgres.ledger;

import backfill.postgres.catalog.Findings;
import backfill.postgres.ledger.ChangedRows.Kept;
import backfill.postgres.ledger.ChangedRows.Role;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TableName;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/** What the runs of a ledger did to the row of one key. */
public final class KeyHistory {
  private static final String FIND =
      """
      SELECT b.run_id, r.plan, b.step, b.event, b.committed_at::pg_catalog.text AS committed_at,
             b.partition, b.after_key, b.xid::pg_catalog.text AS xid,
             r.labels::pg_catalog.text AS labels, r.approval::pg_catalog.text AS approval, r.undoes, b.keys
      FROM %1$s.batch b JOIN %1$s.run r ON r.run_id = b.run_id
      WHERE b.target = ? AND b.keys IS NOT NULL
        AND (b.first_key IS NULL OR EXISTS (
          SELECT FROM pg_catalog.unnest(?::pg_catalog.int8[]) AS k(v) WHERE k.v BETWEEN b.first_key AND b.final_key))
      ORDER BY b.committed_at, b.xid""";

  private static final String WITHOUT_KEYS =
      """
      SELECT pg_catalog.count(DISTINCT b.run_id)
      FROM %1$s.batch b JOIN %1$s.run r ON r.run_id = b.run_id
      WHERE b.keys IS NULL AND b.changed > 0
        AND (b.target = ? OR b.target IS NULL AND r.plan = ? AND pg_catalog.split_part(b.step, ' ', 1) = ?)""";

  private static final String READABLE =
      """
      SELECT current_user AS me, pg_catalog.count(c.oid) = 2 AS there,
             coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
               AND pg_catalog.bool_and(pg_catalog.has_table_privilege(c.oid, 'SELECT')), false) AS readable,
             coalesce(pg_catalog.bool_or(EXISTS (SELECT FROM pg_catalog.pg_attribute a
               WHERE a.attrelid = c.oid AND a.attname = 'keys' AND NOT a.attisdropped)), false) AS keeps
      FROM (SELECT ?::pg_catalog.text AS name) s
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
      LEFT JOIN pg_catalog.pg_class c
             ON c.relnamespace = n.oid AND c.relkind = 'r' AND c.relname IN ('run', 'batch')
      GROUP BY n.oid""";

  private KeyHistory() {}

  /**
   * One thing that happened to the row.
   *
   * @param event what it was
   */
  public record Happened(@JsonUnwrapped Run run, RowEvent event, @JsonUnwrapped Batch batch) {}

  /**
   * The run that did it.
   *
   * @param labels an object of JSON
   * @param approval who approved what, as an object of JSON, or null
   * @param undoes the run that this one undid, or null
   */
  public record Run(
      UUID runId,
      String plan,
      @JsonRawValue String labels,
      @JsonRawValue String approval,
      UUID undoes) {}

  /**
   * The batch in which it was done.
   *
   * @param step the ledger's name of the write, which begins with the step's
   * @param afterKey the key that the batch begins behind, as the ledger has it
   * @param xid the transaction
   * @param committedAt the server's time, as it writes it
   */
  public record Batch(
      String step, int partition, String afterKey, String xid, String committedAt) {}

  /**
   * Why no run can be asked about; empty where one can. What is missing of the rights is among the
   * findings, as the GRANT that gives it.
   *
   * @param schema of the ledger
   */
  public static Optional<String> whyNone(Inquiry inquiry, String schema, Findings findings)
      throws SQLException {
    return inquiry.one(
        READABLE,
        row -> {
          if (!row.getBoolean("there")) {
            return Optional.of(
                "there is no ledger in schema " + schema + ", so no run is known that wrote it");
          }
          if (!row.getBoolean("readable")) {
            findings.refuse("ledger", lacks(schema, TableName.quote(row.getString("me"))));
          }
          return row.getBoolean("keeps")
              ? Optional.empty()
              : Optional.of("the ledger's runs are of a version that kept no keys");
        },
        schema);
  }

  private static String lacks(String schema, String role) {
    String in = TableName.quote(schema);
    return "no right to read it in schema %s; GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON %s.run, %s.batch TO %s"
        .formatted(schema, in, role, in, in, role);
  }

  /**
   * How many runs wrote rows of a target and kept no keys, or keep them no more: each may have
   * written the row, too.
   *
   * @param step whose batches these are, where they are of a version that named no target
   */
  public static long runsWithoutKeys(
      Connection connection, String schema, TableName target, String plan, String step)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sqlWithoutKeys(schema))) {
      statement.setString(1, target.quoted());
      statement.setString(2, plan);
      statement.setString(3, step);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  /**
   * The events of one key, the first one first. A batch is opened only where the key lies within
   * its bounds, which are known for integers.
   *
   * @param schema of the ledger
   * @param key column to the value as the server writes it
   */
  public static List<Happened> of(
      Connection connection, String schema, TableName target, Map<String, String> key)
      throws SQLException {
    List<Happened> happened = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(sql(schema))) {
      statement.setString(1, target.quoted());
      statement.setArray(2, connection.createArrayOf("int8", integers(key)));
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          if (names(PackedRows.unpack(row.getBytes("keys")), key)) {
            happened.add(happened(row));
          }
        }
      }
    }
    return happened;
  }

  /** The statement that finds the batches, with question marks for the target and the integers. */
  public static String sql(String schema) {
    return FIND.formatted(TableName.quote(schema));
  }

  /** The one that counts runs, with question marks for target, plan and step. */
  public static String sqlWithoutKeys(String schema) {
    return WITHOUT_KEYS.formatted(TableName.quote(schema));
  }

  private static Happened happened(ResultSet row) throws SQLException {
    return new Happened(
        new Run(
            row.getObject("run_id", UUID.class),
            row.getString("plan"),
            row.getString("labels"),
            row.getString("approval"),
            row.getObject("undoes", UUID.class)),
        RowEvent.valueOf(row.getString("event")),
        new Batch(
            row.getString("step"),
            row.getInt("partition"),
            row.getString("after_key"),
            row.getString("xid"),
            row.getString("committed_at")));
  }

  /** The integers among a key's values: one of them is that of the column with bounds. */
  private static Object[] integers(Map<String, String> key) {
    List<Long> integers = new ArrayList<>();
    for (String value : key.values()) {
      try {
        integers.add(Long.valueOf(value));
      } catch (NumberFormatException e) {
        // A text, a uuid, a NULL: what has such values has no bounds.
      }
    }
    return integers.toArray();
  }

  private static boolean names(ChangedRows rows, Map<String, String> key) {
    List<Kept> columns = rows.columns(Role.KEY);
    if (columns.size() != key.size()
        || !columns.stream().allMatch(column -> key.containsKey(column.name()))) {
      return false;
    }
    for (int row = 0; row < rows.size(); row++) {
      int at = row;
      if (columns.stream()
          .allMatch(column -> Objects.equals(column.text(at), key.get(column.name())))) {
        return true;
      }
    }
    return false;
  }
}
