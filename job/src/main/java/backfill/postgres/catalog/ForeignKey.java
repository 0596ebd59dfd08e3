package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.List;

/**
 * A foreign key of a table that is written.
 *
 * @param columns the table's own
 * @param referenced where a row with their values must be
 * @param deferred whether it is checked at the transaction's end
 */
public record ForeignKey(
    String name, List<String> columns, TableName referenced, boolean deferred) {}
