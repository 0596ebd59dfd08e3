package backfill.spark.sink;

import backfill.plan.Settings;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.OwnedRows;
import backfill.postgres.catalog.ParentTable;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.StreamSlot;
import backfill.postgres.ledger.WriteMode;
import backfill.postgres.preflight.TargetLookup;
import backfill.postgres.server.Database;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.SqlWords;
import backfill.postgres.server.TableName;
import backfill.postgres.write.NewRows;
import backfill.postgres.write.Parents;
import backfill.postgres.write.RejectionRules;
import backfill.postgres.write.Target;
import backfill.postgres.write.WriteProtocol;
import backfill.postgres.write.WriteTarget;
import backfill.spark.source.GivenOptions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The options of the connector where it is used alone:
 *
 * <ul>
 *   <li>{@code url}, {@code user}, {@code password}: where to write; without {@code url}, {@code
 *       BACKFILL_URL} and its companions in the driver's environment
 *   <li>{@code dbtable}: the table, {@code name} or {@code schema.name}
 *   <li>{@code mode}: what becomes of a row whose key is there, and of one whose key is not, as
 *       {@link WriteMode} has it
 *   <li>{@code key}: the columns of the unique index that decides what a conflict is, by comma;
 *       without it the primary key
 *   <li>{@code owns}: a condition that every row holds: where the key's index is partial, what it
 *       covers
 *   <li>{@code diff} (true or false, default false): whether rows whose key is there are left out
 *       before they take a value of a sequence
 *   <li>{@code rejected-rows} (0 to 1000000000, default 0): rows that the table may refuse
 *   <li>{@code counts}: the temporary view that says what was done
 *   <li>{@code stream}, {@code batch}: the batch of a streaming query that the rows are: it is
 *       entered in the ledger, of schema {@code ledger}, in the transaction of its rows, and
 *       written once
 *   <li>{@code distribution}: {@code range} (default) or {@code none}
 *   <li>{@code writers} (1 to 64): connections at the same time
 *   <li>{@code rows-per-batch} (1 to 1000000): rows of one transaction
 *   <li>{@code protocol}: {@code unnest} (default), or {@code copy}, which is faster where hardly a
 *       row is there already: a batch with one that is goes twice
 *   <li>{@code lock-timeout}, {@code statement-timeout}, {@code retry-for}: seconds
 * </ul>
 *
 * The defaults of these numbers are those of {@code reference.conf}.
 */
record SinkOptions(
    Database database,
    String table,
    Matching matching,
    int rejectedRows,
    Optional<String> counts,
    Writing writing,
    WriteTarget.Timeouts timeouts,
    Optional<StreamBatch> stream) {

  /** Which batch of which stream the rows are, and the schema of the ledger that keeps it. */
  record StreamBatch(String stream, long batch, String schema) {
    StreamSlot into(TableName target, WriteMode mode, String query) {
      return new StreamSlot(schema, stream, target, batch, query, mode);
    }
  }

  /**
   * Which rows are the same, and what then: {@code key}, {@code owns}, {@code diff}, {@code mode}.
   */
  record Matching(List<String> key, String owns, boolean looksFirst, WriteMode mode) {}

  /** How rows are written: {@code distribution}, and how many at once. */
  record Writing(
      SinkConfig.Distribution distribution,
      int writers,
      int rowsPerBatch,
      WriteProtocol protocol) {}

  /** What allows rejected rows, for messages. */
  static final String LIMIT = "option rejected-rows";

  private static final String APPLICATION_NAME = "backfill sink";

  /** Types of which two texts are the same value only where they are the same text. */
  private static final Set<String> PLAIN_TEXTS = Set.of("text", "character varying");

  private static final List<String> KNOWN =
      List.of(
          "url",
          "user",
          "password",
          "dbtable",
          "mode",
          "key",
          "owns",
          "diff",
          "rejected-rows",
          "counts",
          "stream",
          "batch",
          "ledger",
          "distribution",
          "writers",
          "rows-per-batch",
          "protocol",
          "lock-timeout",
          "statement-timeout",
          "retry-for");

  /**
   * What the options say.
   *
   * @throws IllegalArgumentException naming the option that is unknown, missing or out of range
   */
  static SinkOptions of(CaseInsensitiveStringMap options) {
    GivenOptions given = new GivenOptions(options);
    given.refuseAllBut(KNOWN);
    WriteMode mode = given.oneOf("mode", List.of(WriteMode.values()));
    boolean looksFirst = given.flag("diff");
    WriteProtocol protocol =
        given.oneOf("protocol", List.of(WriteProtocol.UNNEST, WriteProtocol.COPY));
    refuseTogether(mode, looksFirst, protocol);
    Settings settings = Settings.defaults();
    Settings.Write write = settings.write();
    return new SinkOptions(
        given.database(settings.connectTimeout()),
        given.required("dbtable", "the table to write"),
        new Matching(
            given.text("key").map(SqlWords::listed).orElse(List.of()),
            given.text("owns").orElse(null),
            looksFirst,
            mode),
        given.number("rejected-rows", 0, 0, 1_000_000_000),
        given.view("counts"),
        new Writing(
            given.oneOf(
                "distribution",
                List.of(SinkConfig.Distribution.RANGE, SinkConfig.Distribution.NONE)),
            given.number("writers", write.writers(), 1, 64),
            given.number("rows-per-batch", write.rowsPerBatch(), 1, 1_000_000),
            protocol),
        new WriteTarget.Timeouts(
            given.seconds("lock-timeout", settings.lockTimeout()),
            given.seconds("statement-timeout", write.statementTimeout()),
            given.seconds("retry-for", write.retryFor())),
        stream(given, settings));
  }

  private static Optional<StreamBatch> stream(GivenOptions given, Settings settings) {
    if (!given.has("stream")) {
      for (String name : List.of("batch", "ledger")) {
        if (given.has(name)) {
          throw new IllegalArgumentException(
              "option %s is given without stream; name the rows of the streaming query, as in stream = orders"
                  .formatted(name));
        }
      }
      return Optional.empty();
    }
    String stream = given.required("stream", "the name of the streaming query's rows");
    given.required("batch", "the number that foreachBatch hands over, where it has stream");
    if (given.number("writers", 1, 1, 64) > 1) {
      throw new IllegalArgumentException(
          "option writers is above 1, and a batch of a stream is written in one transaction; leave writers out");
    }
    return Optional.of(
        new StreamBatch(
            stream,
            given.number("batch", 0, Long.MAX_VALUE),
            given.text("ledger").orElse(settings.ledger().schema())));
  }

  private static void refuseTogether(WriteMode mode, boolean looksFirst, WriteProtocol protocol) {
    boolean copies = protocol == WriteProtocol.COPY;
    if (looksFirst && copies) {
      throw new IllegalArgumentException(
          "option diff = true looks at each row first, which protocol = copy cannot; leave one of them out");
    } else if (mode.sets() && copies) {
      throw new IllegalArgumentException(
          "option mode = %s sets rows, which protocol = copy cannot; leave protocol out"
              .formatted(mode));
    } else if (looksFirst && mode == WriteMode.ERROR) {
      throw new IllegalArgumentException(
          "option diff = true leaves out rows that are there, and mode = error fails for them; leave one of them out");
    }
  }

  /**
   * The target that the options name, looked up in its catalog, for rows of these columns.
   *
   * @param query the number of the streaming query that they are of, or null
   * @throws NotReadyException if the table, a column or the index is not there, a right is lacking,
   *     a type does not fit, or the server does not answer
   */
  SinkConfig target(StructType rows, String query) {
    List<String> names = List.of(rows.fieldNames());
    TargetLookup.Wanted wanted =
        new TargetLookup.Wanted(table, matching.key(), matching.owns(), matching.mode());
    TargetLookup.Found found =
        TargetLookup.find(database, APPLICATION_NAME, wanted, names, timeouts.lock());
    Target target = found.target();
    List<String> declared = names.stream().map(found.declared()::get).toList();
    SinkTypes.refuse(rows, target.table(), declared);
    List<TargetColumn> columns =
        names.stream()
            .map(name -> target.table().column(name).orElseThrow())
            .map(column -> TargetColumn.of(column, target.arbiter().nullsMatch()))
            .toList();
    WriteTarget.Conflict conflict = conflict(target, columns, rows);
    return new SinkConfig(
        new WriteTarget(
            new WriteTarget.Where(database, target.table().name()),
            new WriteTarget.WrittenColumns(columns, target.arbiter().columns(), Set.of()),
            conflict,
            matching.mode() == WriteMode.IGNORE
                ? Operation.INSERT_MISSING
                : Operation.INSERT_AND_NAME,
            // COPY asks nothing of a row.
            conflict.newRows().owned().isEmpty() ? writing.protocol() : WriteProtocol.UNNEST,
            List.of(),
            timeouts,
            new RejectionRules(
                target.parentsOf(names).stream().map(ParentTable::key).toList(),
                Parents.UNKNOWN,
                wanted.events().stream().anyMatch(event -> !target.beforeTriggers(event).isEmpty()),
                rejectedRows,
                0)),
        target.arbiter().predicate().orElse(null),
        new SinkConfig.Pace(
            writing.rowsPerBatch(),
            Settings.defaults().write().batchBytes(),
            // Only one that has all rows finds two keys that are one to the server.
            conflict.twins() || stream.isPresent() ? 1 : writing.writers()),
        APPLICATION_NAME,
        writing.distribution(),
        null,
        stream.map(batch -> batch.into(target.table().name(), matching.mode(), query)).orElse(null),
        declared);
  }

  private WriteTarget.Conflict conflict(
      Target target, List<TargetColumn> columns, StructType rows) {
    WriteMode mode = matching.mode();
    boolean twins =
        target.arbiter().columns().stream()
            .anyMatch(
                key ->
                    hasTwins(rows.apply(key).dataType(), target.table().column(key).orElseThrow()));
    return new WriteTarget.Conflict(
        target.arbiter().onConflict(),
        mode.sets()
            ? target.owned().map((OwnedRows own) -> own.ofRow(target.table().name())).orElse("")
            : "",
        NewRows.of(matching.looksFirst() || mode == WriteMode.UPSERT, target, columns),
        mode,
        mode != WriteMode.IGNORE && twins);
  }

  /** Whether the server may take two values for one that differ in Spark. */
  private static boolean hasTwins(DataType given, Column column) {
    boolean plain = PLAIN_TEXTS.contains(column.castType()) && column.looseCollation().isEmpty();
    return given instanceof ArrayType || given instanceof StringType && !plain;
  }
}
