package backfill.plan;

import java.util.Optional;

/**
 * A table that a plan reads.
 *
 * @param name as queries and {@code from} say it
 * @param table as written in the plan, {@code table} or {@code schema.table}; quoted parts keep
 *     their case
 * @param where a PostgreSQL condition on its rows, asked on the server; parameters are {@code
 *     :name}
 */
public record Source(String name, String table, Optional<String> where) {}
