package backfill.spark.sink;

import backfill.plan.Settings;
import backfill.postgres.catalog.ParentTable;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Operation;
import backfill.postgres.preflight.TargetLookup;
import backfill.postgres.server.Database;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.SqlWords;
import backfill.postgres.write.NewRows;
import backfill.postgres.write.Parents;
import backfill.postgres.write.RejectionRules;
import backfill.postgres.write.Target;
import backfill.postgres.write.WriteProtocol;
import backfill.postgres.write.WriteTarget;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The options of the connector where it is used alone:
 *
 * <ul>
 *   <li>{@code url}, {@code user}, {@code password}: where to write; without {@code url}, {@code
 *       BACKFILL_URL} and its companions in the driver's environment
 *   <li>{@code dbtable}: the table, {@code name} or {@code schema.name}
 *   <li>{@code key}: the columns of the unique index that decides what a conflict is, by comma;
 *       without it the primary key
 *   <li>{@code owns}: a condition that every row holds: where the key's index is partial, what it
 *       covers
 *   <li>{@code diff} (true or false, default false): whether rows whose key is there are left out
 *       before they take a value of a sequence
 *   <li>{@code rejected-rows} (0 to 1000000000, default 0): rows that the table may refuse
 *   <li>{@code counts}: the temporary view that says what was done
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
    WriteTarget.Timeouts timeouts) {

  /** Which rows are the same: {@code key}, {@code owns} and {@code diff}. */
  record Matching(List<String> key, String owns, boolean looksFirst) {}

  /** How rows are written: {@code distribution}, and how many at once. */
  record Writing(
      SinkConfig.Distribution distribution,
      int writers,
      int rowsPerBatch,
      WriteProtocol protocol) {}

  /** What allows rejected rows, for messages. */
  static final String LIMIT = "option rejected-rows";

  private static final String APPLICATION_NAME = "backfill sink";
  private static final int DAY_SECONDS = 86_400;
  private static final Pattern VIEW = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private static final List<String> KNOWN =
      List.of(
          "url",
          "user",
          "password",
          "dbtable",
          "key",
          "owns",
          "diff",
          "rejected-rows",
          "counts",
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
    refuseUnknown(options);
    boolean looksFirst = looksFirst(options);
    WriteProtocol protocol = oneOf(options, "protocol", WriteProtocol.UNNEST, WriteProtocol.COPY);
    if (looksFirst && protocol == WriteProtocol.COPY) {
      throw new IllegalArgumentException(
          "option diff = true looks at each row first, which protocol = copy cannot; leave one of them out");
    }
    Settings settings = Settings.defaults();
    Settings.Write write = settings.write();
    return new SinkOptions(
        database(options, settings.connectTimeout()),
        required(options, "dbtable"),
        new Matching(key(options), options.get("owns"), looksFirst),
        number(options, "rejected-rows", 0, 0, 1_000_000_000),
        Optional.ofNullable(view(options)),
        new Writing(
            oneOf(
                options,
                "distribution",
                SinkConfig.Distribution.RANGE,
                SinkConfig.Distribution.NONE),
            number(options, "writers", write.writers(), 1, 64),
            number(options, "rows-per-batch", write.rowsPerBatch(), 1, 1_000_000),
            protocol),
        new WriteTarget.Timeouts(
            seconds(options, "lock-timeout", settings.lockTimeout()),
            seconds(options, "statement-timeout", write.statementTimeout()),
            seconds(options, "retry-for", write.retryFor())));
  }

  /**
   * The target that the options name, looked up in its catalog, for rows of these columns.
   *
   * @throws NotReadyException if the table, a column or the index is not there, a right is lacking,
   *     a type does not fit, or the server does not answer
   */
  SinkConfig target(StructType rows) {
    List<String> names = List.of(rows.fieldNames());
    TargetLookup.Found found =
        TargetLookup.find(
            database,
            APPLICATION_NAME,
            new TargetLookup.Wanted(table, matching.key(), matching.owns()),
            names,
            timeouts.lock());
    Target target = found.target();
    List<String> declared = names.stream().map(found.declared()::get).toList();
    SinkTypes.refuse(rows, target.table(), declared);
    List<TargetColumn> columns =
        names.stream()
            .map(name -> target.table().column(name).orElseThrow())
            .map(column -> TargetColumn.of(column, target.arbiter().nullsMatch()))
            .toList();
    NewRows newRows = NewRows.of(matching.looksFirst(), target, columns);
    return new SinkConfig(
        new WriteTarget(
            new WriteTarget.Where(database, target.table().name()),
            new WriteTarget.WrittenColumns(columns, target.arbiter().columns(), Set.of()),
            new WriteTarget.Conflict(target.arbiter().onConflict(), "", newRows),
            Operation.INSERT_MISSING,
            // COPY asks nothing of a row.
            newRows.owned().isEmpty() ? writing.protocol() : WriteProtocol.UNNEST,
            List.of(),
            timeouts,
            new RejectionRules(
                target.parentsOf(names).stream().map(ParentTable::key).toList(),
                Parents.UNKNOWN,
                !target.beforeTriggers(RowEvent.INSERT).isEmpty(),
                rejectedRows,
                0)),
        target.arbiter().predicate().orElse(null),
        new SinkConfig.Pace(
            writing.rowsPerBatch(), Settings.defaults().write().batchBytes(), writing.writers()),
        APPLICATION_NAME,
        writing.distribution(),
        null,
        declared);
  }

  private static void refuseUnknown(CaseInsensitiveStringMap options) {
    TreeSet<String> unknown = new TreeSet<>(options.keySet());
    KNOWN.forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "unknown option "
              + String.join(", ", unknown)
              + " for format \"backfill\"; it knows "
              + String.join(", ", KNOWN));
    }
  }

  private static Database database(CaseInsensitiveStringMap options, Duration connectTimeout) {
    return options.containsKey("url")
        ? Database.at(
            options.get("url"), options.get("user"), options.get("password"), connectTimeout)
        : Database.fromEnvironment("BACKFILL", System.getenv(), connectTimeout);
  }

  /** Names by comma, one that holds a comma in quotes. */
  private static List<String> key(CaseInsensitiveStringMap options) {
    return options.containsKey("key") ? SqlWords.listed(options.get("key")) : List.of();
  }

  private static String view(CaseInsensitiveStringMap options) {
    String given = options.get("counts");
    if (given != null && !VIEW.matcher(given).matches()) {
      throw new IllegalArgumentException(
          "option counts names a temporary view, in letters, digits and underscores; got " + given);
    }
    return given;
  }

  private static boolean looksFirst(CaseInsensitiveStringMap options) {
    String given = options.getOrDefault("diff", "false").strip().toLowerCase(Locale.ROOT);
    if (!given.equals("true") && !given.equals("false")) {
      throw new IllegalArgumentException("option diff must be true or false, got " + given);
    }
    return given.equals("true");
  }

  private static <E extends Enum<E>> E oneOf(
      CaseInsensitiveStringMap options, String name, E otherwise, E other) {
    String given = options.getOrDefault(name, otherwise.name()).strip();
    return Stream.of(otherwise, other)
        .filter(value -> value.name().equalsIgnoreCase(given))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "option %s must be %s or %s, got %s"
                        .formatted(
                            name,
                            otherwise.name().toLowerCase(Locale.ROOT),
                            other.name().toLowerCase(Locale.ROOT),
                            given)));
  }

  private static Duration seconds(
      CaseInsensitiveStringMap options, String name, Duration otherwise) {
    return Duration.ofSeconds(
        number(options, name, Math.toIntExact(otherwise.toSeconds()), 1, DAY_SECONDS));
  }

  private static int number(
      CaseInsensitiveStringMap options, String name, int otherwise, int smallest, int largest) {
    String given = options.get(name);
    if (given == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(given.strip());
      if (number >= smallest && number <= largest) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, with the range.
    }
    throw new IllegalArgumentException(
        "option " + name + " must be " + smallest + " to " + largest + ", got " + given);
  }

  private static String required(CaseInsensitiveStringMap options, String name) {
    String given = options.get(name);
    if (given == null || given.isBlank()) {
      throw new IllegalArgumentException(
          "option " + name + " is missing; format \"backfill\" needs the table to write");
    }
    return given;
  }
}
