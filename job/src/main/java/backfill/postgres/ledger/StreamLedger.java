package backfill.postgres.ledger;

import backfill.postgres.ledger.StreamSlot.Entered;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What the driver asks of the ledger before and after a batch of a streaming query: whether it is
 * in. Its table is created where it is missing.
 */
public final class StreamLedger {
  private static final String ASK =
      """
      SELECT n.oid IS NOT NULL AS schema, c.oid IS NOT NULL AS there,
             pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create_schema,
             coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
               AND pg_catalog.has_schema_privilege(n.oid, 'CREATE'), false) AS may_create,
             coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
               AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
               AND pg_catalog.has_table_privilege(c.oid, 'INSERT'), false) AS may_write,
             coalesce(pg_catalog.has_table_privilege(c.oid, 'DELETE'), false) AS may_delete,
             current_user AS me, pg_catalog.current_database() AS database
      FROM (SELECT ?::pg_catalog.text AS name) s
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
      LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r' AND c.relname = 'stream'""";

  /**
   * Entries of a stream in a table that stay. The last one decides; with an older one the same
   * batch is known again where a checkpoint was restored.
   */
  private static final int KEPT = 100;

  /** How many more there may be before any goes: most batches have nothing to do for it. */
  private static final int BEYOND = 50;

  private final Database database;
  private final String applicationName;
  private final StreamSlot slot;
  private final Duration lockTimeout;

  public StreamLedger(
      Database database, String applicationName, StreamSlot slot, Duration lockTimeout) {
    this.database = database;
    this.applicationName = applicationName;
    this.slot = slot;
    this.lockTimeout = lockTimeout;
  }

  /**
   * What is known of the batches that went before.
   *
   * @param many whether there are more of them than are needed
   */
  private record Newest(long batch, String query, boolean many) {}

  /**
   * What came of the batch, where it is in already; creates the ledger's table where it is missing.
   *
   * @throws NotReadyException if a right is lacking, or what the ledger has cannot be of this query
   */
  public Optional<Entered> prepare() {
    return asked(
        inquiry -> {
          Found found = look(inquiry);
          if (!found.table()) {
            create(found.schema());
          }
          Optional<Entered> entered =
              inquiry.ask(connection -> StreamEntries.find(connection, slot));
          Optional<Newest> newest = entered.isPresent() ? Optional.empty() : newest(inquiry);
          Optional<String> other =
              entered.isPresent() ? other(entered.get()) : newest.flatMap(this::other);
          if (other.isPresent()) {
            throw new NotReadyException(List.of("stream: " + other.get()));
          }
          if (found.mayDelete() && newest.filter(Newest::many).isPresent()) {
            forget();
          }
          return entered;
        });
  }

  /** What came of the batch; empty where it is not in. */
  public Optional<Entered> entered() {
    return asked(inquiry -> inquiry.ask(connection -> StreamEntries.find(connection, slot)));
  }

  /** Why an entry of the same number is not the one of this batch. */
  private Optional<String> other(Entered entered) {
    if (differs(entered.query())) {
      return Optional.of(ofAnotherCheckpoint(entered.query()));
    }
    return entered.mode().equals(slot.mode().toString())
        ? Optional.empty()
        : Optional.of(
            "%s was written into %s in mode %s, and this is mode %s; give each write within a batch a stream of its own"
                .formatted(slot, slot.target(), entered.mode(), slot.mode()));
  }

  private Optional<Newest> newest(Inquiry inquiry) throws SQLException {
    return inquiry
        .rows(
            """
            SELECT batch, query,
                   (SELECT pg_catalog.count(*) FROM (SELECT FROM %1$s m WHERE m.stream = s.stream AND m.target = s.target
                                                     LIMIT %2$d) AS counted) = %2$d AS many
            FROM %1$s s WHERE stream = ? AND target = ? ORDER BY batch DESC LIMIT 1"""
                .formatted(slot.table(), KEPT + BEYOND),
            row -> new Newest(row.getLong("batch"), row.getString("query"), row.getBoolean("many")),
            slot.stream(),
            slot.target().quoted())
        .stream()
        .findFirst();
  }

  /** Why no batch of this number may come. */
  private Optional<String> other(Newest newest) {
    if (differs(newest.query())) {
      return Optional.of(ofAnotherCheckpoint(newest.query()));
    }
    return newest.batch() < slot.batch()
        ? Optional.empty()
        : Optional.of(
            "batch %d is in %s already, and of batch %d, which comes before it, nothing is known; name a new stream for a query that begins anew"
                .formatted(newest.batch(), slot.target(), slot.batch()));
  }

  /** Where it does not come to it, the next batch does. */
  private void forget() {
    try (Connection connection = database.connect(applicationName);
        Statement limit = connection.createStatement()) {
      connection.setAutoCommit(false);
      SessionSettings.begin(connection);
      limit.execute("SET LOCAL lock_timeout = " + lockTimeout.toMillis());
      StreamEntries.forget(connection, slot, KEPT);
      connection.commit();
    } catch (SQLException e) {
      // It is no reason to keep a batch from its table.
    }
  }

  private boolean differs(String query) {
    return query != null && slot.query() != null && !query.equals(slot.query());
  }

  private String ofAnotherCheckpoint(String query) {
    return ("batches of stream %s are in %s from another checkpoint (query %s, and this is %s), whose batches of the same number"
            + " are not these; name a new stream, or forget the old one: DELETE FROM %s WHERE stream = %s")
        .formatted(
            slot.stream(),
            slot.target(),
            query,
            slot.query(),
            slot.table(),
            Parameters.quote(slot.stream()));
  }

  /** What is asked over one connection. */
  @FunctionalInterface
  private interface Question<T> {
    T of(Inquiry inquiry) throws SQLException;
  }

  private <T> T asked(Question<T> question) {
    try (Connection connection = database.connect(applicationName);
        Inquiry inquiry = new Inquiry(connection, lockTimeout, Duration.ZERO)) {
      return question.of(inquiry);
    } catch (SQLException e) {
      throw new NotReadyException(
          List.of(
              "cannot ask the ledger of %s for %s: %s"
                  .formatted(database, slot, ConnectionFailure.oneLine(e))),
          ConnectionFailure.passing(e.getSQLState()),
          e);
    }
  }

  /**
   * What there is of the ledger.
   *
   * @param grant what gives the right that is needed
   */
  private record Found(
      boolean schema, boolean table, boolean enough, boolean mayDelete, String grant) {}

  private Found look(Inquiry inquiry) throws SQLException {
    String in = TableName.quote(slot.schema());
    Found answer =
        inquiry.one(
            ASK,
            row -> {
              String to = " TO " + TableName.quote(row.getString("me"));
              if (row.getBoolean("there")) {
                return new Found(
                    true,
                    true,
                    row.getBoolean("may_write"),
                    row.getBoolean("may_delete"),
                    "GRANT USAGE ON SCHEMA %s%s; GRANT SELECT, INSERT ON %s%s"
                        .formatted(in, to, slot.table(), to));
              } else if (row.getBoolean("schema")) {
                return new Found(
                    true,
                    false,
                    row.getBoolean("may_create"),
                    false,
                    "GRANT CREATE, USAGE ON SCHEMA " + in + to);
              }
              return new Found(
                  false,
                  false,
                  row.getBoolean("may_create_schema"),
                  false,
                  "GRANT CREATE ON DATABASE " + TableName.quote(row.getString("database")) + to);
            },
            slot.schema());
    if (!answer.enough()) {
      throw new NotReadyException(
          List.of(
              "stream: no right to keep a ledger of batches in schema %s; %s"
                  .formatted(slot.schema(), answer.grant())));
    }
    return answer;
  }

  private void create(boolean schemaIsThere) throws SQLException {
    try (Connection connection = database.connect(applicationName)) {
      connection.setAutoCommit(false);
      SessionSettings.begin(connection);
      try (Statement statement = connection.createStatement()) {
        // IF NOT EXISTS is no protection against a session that creates it at the same moment.
        statement.execute(
            "SELECT pg_catalog.pg_advisory_xact_lock("
                + Lease.lockKey(slot.schema(), "create")
                + ")");
        if (!schemaIsThere) {
          // It asks for CREATE on the database, also where there is nothing to create.
          statement.execute("CREATE SCHEMA IF NOT EXISTS " + TableName.quote(slot.schema()));
        }
        statement.execute(
            """
            CREATE TABLE IF NOT EXISTS %s (
              stream       text NOT NULL,
              target       text NOT NULL,
              batch        bigint NOT NULL,
              query        text,
              mode         text NOT NULL,
              rows         bigint NOT NULL,
              inserted     bigint NOT NULL,
              updated      bigint NOT NULL,
              unchanged    bigint NOT NULL,
              present      bigint NOT NULL,
              absent       bigint NOT NULL,
              repeated     bigint NOT NULL,
              rejected     bigint NOT NULL,
              rejections   jsonb NOT NULL,
              xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
              committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
              PRIMARY KEY (stream, target, batch))"""
                .formatted(slot.table()));
      }
      connection.commit();
    }
  }
}
