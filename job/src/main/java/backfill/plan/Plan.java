package backfill.plan;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What one backfill does: the plan file, read whole and checked, and never changed afterwards.
 *
 * @param name as the file gives it; the ledger and the report know the run by it
 * @param location where the file was read from, for messages
 * @param hash SHA-256 in hexadecimal over what decides which rows are written: the job's version,
 *     the resolved steps, sources, views, params and {@code only-if}. No setting that only decides
 *     how fast, no address, no secret
 * @param onlyIf a PostgreSQL condition; false means that the plan does not apply
 * @param params name to value: a {@link String}, {@link Boolean}, {@link Long} or {@link Double}
 * @param sources name to table, in the file's order
 * @param views name to Spark SQL over sources and other views, in an order in which each needs only
 *     earlier ones
 * @param steps in the order in which they run
 */
public record Plan(
    String name,
    String location,
    String hash,
    Optional<String> onlyIf,
    Map<String, Object> params,
    Map<String, Source> sources,
    Map<String, String> views,
    List<Step> steps,
    Settings settings) {}
