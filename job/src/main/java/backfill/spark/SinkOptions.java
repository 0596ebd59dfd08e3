package backfill.spark;

import backfill.postgres.Database;
import backfill.postgres.NotReady;
import backfill.postgres.ParentTable;
import backfill.postgres.Parents;
import backfill.postgres.RejectionRules;
import backfill.postgres.Table;
import backfill.postgres.Target;
import backfill.postgres.TargetColumn;
import backfill.postgres.TargetLookup;
import backfill.postgres.WriteProtocol;
import backfill.postgres.WriteTarget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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
 *   <li>{@code distribution}: {@code range} (default) or {@code none}
 *   <li>{@code writers} (1 to 64, default 2): connections at the same time
 *   <li>{@code rows-per-batch} (1 to 1000000, default 25000): rows of one transaction
 *   <li>{@code protocol}: {@code unnest} (default), or {@code copy}, which is faster where hardly a
 *       row is there already: a batch with one that is goes twice
 *   <li>{@code lock-timeout} (5), {@code statement-timeout} (60), {@code retry-for} (120): seconds
 * </ul>
 */
final class SinkOptions {
  private static final String APPLICATION_NAME = "backfill sink";
  private static final long BATCH_BYTES = 16L << 20;

  private static final List<String> KNOWN =
      List.of(
          "url",
          "user",
          "password",
          "dbtable",
          "key",
          "distribution",
          "writers",
          "rows-per-batch",
          "protocol",
          "lock-timeout",
          "statement-timeout",
          "retry-for");

  private SinkOptions() {}

  /**
   * The target that the options name, looked up in its catalog.
   *
   * @throws IllegalArgumentException naming the option that is unknown, missing or out of range
   * @throws NotReady if the table, a column or the index is not there, or the server does not
   *     answer
   */
  static SinkConfig resolve(CaseInsensitiveStringMap options, StructType rows) {
    refuseUnknown(options);
    Database database = database(options);
    List<String> key =
        options.containsKey("key")
            ? Arrays.stream(options.get("key").split(",")).map(String::strip).toList()
            : List.of();
    Duration lockTimeout = seconds(options, "lock-timeout", 5);
    Duration retryFor = seconds(options, "retry-for", 120);
    Target target =
        TargetLookup.find(
            database, APPLICATION_NAME, required(options, "dbtable"), key, lockTimeout, retryFor);
    refuseAbsentKey(target, rows);
    // On the driver: each task would find it out anew.
    Arrays.stream(rows.fields()).forEach(CellReader::of);
    return new SinkConfig(
        new WriteTarget(
            database,
            target.table().name(),
            columns(target.table(), rows),
            target.arbiter().columns(),
            target.arbiter().onConflict(),
            WriteTarget.Operation.INSERT_MISSING,
            protocol(options),
            Set.of(),
            "",
            List.of(),
            lockTimeout,
            seconds(options, "statement-timeout", 60),
            retryFor,
            new RejectionRules(
                target.parentsOf(List.of(rows.fieldNames())).stream()
                    .map(ParentTable::key)
                    .toList(),
                Parents.UNKNOWN,
                !target.beforeTriggers("INSERT").isEmpty(),
                0,
                0)),
        target.arbiter().predicate().orElse(null),
        number(options, "rows-per-batch", 25_000, 1_000_000),
        BATCH_BYTES,
        number(options, "writers", 2, 64),
        APPLICATION_NAME,
        distribution(options),
        null);
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

  private static Database database(CaseInsensitiveStringMap options) {
    if (options.containsKey("url")) {
      return Database.at(
          options.get("url"), options.get("user"), options.get("password"), Duration.ofSeconds(10));
    }
    return Database.fromEnvironment("BACKFILL", System.getenv(), Duration.ofSeconds(10));
  }

  private static List<TargetColumn> columns(Table table, StructType rows) {
    List<TargetColumn> columns = new ArrayList<>();
    List<String> absent = new ArrayList<>();
    for (String name : rows.fieldNames()) {
      table
          .column(name)
          .ifPresentOrElse(
              column -> columns.add(TargetColumn.of(column, false)), () -> absent.add(name));
    }
    if (!absent.isEmpty()) {
      throw new NotReady(
          List.of(
              "table "
                  + table.name()
                  + " has no column "
                  + String.join(", ", absent)
                  + "; name the DataFrame's columns as the table's"));
    }
    return columns;
  }

  private static void refuseAbsentKey(Target target, StructType rows) {
    List<String> absent =
        target.arbiter().columns().stream()
            .filter(column -> !List.of(rows.fieldNames()).contains(column))
            .toList();
    if (!absent.isEmpty()) {
      throw new IllegalArgumentException(
          "the DataFrame has no column "
              + String.join(", ", absent)
              + ", and the key of "
              + target.table().name()
              + " is ("
              + String.join(", ", target.arbiter().columns())
              + "); add it, or name another unique index's columns by option key");
    }
  }

  private static SinkConfig.Distribution distribution(CaseInsensitiveStringMap options) {
    String given = options.getOrDefault("distribution", "range");
    return switch (given.toLowerCase(Locale.ROOT)) {
      case "range" -> SinkConfig.Distribution.RANGE;
      case "none" -> SinkConfig.Distribution.NONE;
      default ->
          throw new IllegalArgumentException(
              "option distribution must be range or none, got " + given);
    };
  }

  private static WriteProtocol protocol(CaseInsensitiveStringMap options) {
    String given = options.getOrDefault("protocol", "unnest");
    return switch (given.toLowerCase(Locale.ROOT)) {
      case "copy" -> WriteProtocol.COPY;
      case "unnest" -> WriteProtocol.UNNEST;
      default ->
          throw new IllegalArgumentException(
              "option protocol must be copy or unnest, got " + given);
    };
  }

  private static Duration seconds(Map<String, String> options, String name, int otherwise) {
    return Duration.ofSeconds(number(options, name, otherwise, 86_400));
  }

  private static int number(Map<String, String> options, String name, int otherwise, int largest) {
    String given = options.get(name);
    if (given == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(given.strip());
      if (number >= 1 && number <= largest) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, with the range.
    }
    throw new IllegalArgumentException(
        "option " + name + " must be 1 to " + largest + ", got " + given);
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
