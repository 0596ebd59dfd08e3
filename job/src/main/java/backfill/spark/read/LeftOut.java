package backfill.spark.read;

/**
 * Rows of a source's table that the source does not give.
 *
 * @param where that its condition leaves out; null where they were not counted
 * @param nullKeys that have no key in a column that a step of pairs asks for; null where the source
 *     is not read as pairs
 */
public record LeftOut(Long where, Long nullKeys) {}
