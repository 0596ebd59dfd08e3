package backfill.postgres;

import java.io.Serializable;
import java.util.List;

/**
 * One row that was planned and is not in the table.
 *
 * @param reason in a word or a sentence: the server's message, {@code parent-gone} or {@code
 *     suppressed}
 * @param sqlState PostgreSQL's, or null
 * @param constraint the constraint that refused it, or null
 * @param key the row's key, as texts
 */
public record Rejection(String reason, String sqlState, String constraint, List<String> key)
    implements Serializable {}
