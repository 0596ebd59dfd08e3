package backfill.spark.source;

import backfill.plan.Settings;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.SourceLookup;
import backfill.postgres.server.Database;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The options of the connector where it reads:
 *
 * <ul>
 *   <li>{@code url}, {@code user}, {@code password}: where to read; without {@code url}, {@code
 *       BACKFILL_URL} and its companions in the driver's environment
 *   <li>{@code dbtable}: the table, {@code name} or {@code schema.name}
 *   <li>{@code columns}: those to read, by comma; without it all
 *   <li>{@code texts}: columns to read as the server's text, by comma
 *   <li>{@code partitions} (1 to 1000): ctid ranges at most, with a connection each while it is
 *       read
 *   <li>{@code fetch-rows} (1 to 1000000): rows of one round trip
 *   <li>{@code lock-timeout}, {@code retry-for}, {@code snapshot-max-age}: seconds
 * </ul>
 *
 * The defaults of these numbers are those of {@code reference.conf}.
 */
record SourceOptions(
    Database database,
    String table,
    List<String> columns,
    List<String> texts,
    int partitions,
    int fetchRows,
    Holding holding) {

  /**
   * How a snapshot is taken and held.
   *
   * @param lockTimeout how long one attempt waits for the table
   * @param retryFor how long it is tried
   * @param maxAge how long it may be held
   * @param waitFor how long a replica may take to replay what its primary had
   */
  record Holding(Duration lockTimeout, Duration retryFor, Duration maxAge, Duration waitFor) {}

  static final String LOOKUP_NAME = "backfill read";

  private static final List<String> KNOWN =
      List.of(
          "url",
          "user",
          "password",
          "dbtable",
          "columns",
          "texts",
          "partitions",
          "fetch-rows",
          "lock-timeout",
          "retry-for",
          "snapshot-max-age");

  /**
   * What the options say.
   *
   * @throws IllegalArgumentException naming the option that is unknown, missing or out of range
   */
  static SourceOptions of(CaseInsensitiveStringMap options) {
    GivenOptions given = new GivenOptions(options);
    given.refuseAllBut(KNOWN);
    Settings settings = Settings.defaults();
    Settings.Read read = settings.read();
    return new SourceOptions(
        given.database(settings.connectTimeout()),
        given.required("dbtable", "the table to read"),
        given.names("columns"),
        given.names("texts"),
        given.number("partitions", read.readers(), 1, 1000),
        given.number("fetch-rows", read.fetchRows(), 1, 1_000_000),
        new Holding(
            given.seconds("lock-timeout", settings.lockTimeout()),
            given.seconds("retry-for", settings.write().retryFor()),
            given.seconds("snapshot-max-age", read.snapshotMaxAge()),
            read.waitFor()));
  }

  /**
   * The table that the options name, looked up in its catalog, with the columns to read.
   *
   * @throws backfill.postgres.server.NotReadyException if it is not there or cannot be read
   */
  Table found() {
    Table found = SourceLookup.find(database, LOOKUP_NAME, table, columns, holding.lockTimeout());
    Set<String> names = Set.copyOf(found.columnNames());
    texts.stream()
        .filter(column -> !names.contains(column))
        .findFirst()
        .ifPresent(
            column -> {
              throw new SourceException(
                  "option texts names %s, which is none of the columns that are read of %s: %s"
                      .formatted(column, found.name(), String.join(", ", found.columnNames())));
            });
    return found.in(
        texts.stream()
            .collect(
                Collectors.<String, String, Column.Form>toMap(
                    Function.identity(), column -> Column.Form.TEXT, (one, two) -> one)));
  }
}
