package backfill.spark.step;

/**
 * How many pairs the sources give one user or one object, of those that gain at least one in this
 * run. Of the same number, the smaller key comes first.
 *
 * @param key a number, or a text
 */
public record FanOut(Object key, long pairs) {}
