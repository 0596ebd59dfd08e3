package backfill.spark.rows;

import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.XxHash64;
import org.apache.spark.sql.classic.ExpressionUtils;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Stands for the values of a row that are compared, in 128 bits: a row that is right is kept
 * without them, and one that is read again is compared without moving them. Only of values of which
 * the same ones have the same form; a NULL is told from a value, and a NULL in one column from that
 * in another.
 *
 * <p>Two rows that are one key's and hold different values would be taken for the same if both of
 * two 64-bit hashes were: with a chance of 1 in 2<sup>128</sup> for each row, which is 1 in
 * 10<sup>28</sup> for ten billion rows. No chosen value changes that chance: both hashes begin with
 * a number that is drawn for this match of this run, and is told nowhere.
 */
final class ValueDigest {
  /** What the two halves are called, with a side's prefix before it. */
  static final List<String> NAMES = List.of("digest 1", "digest 2");

  private final long[] seeds = new SecureRandom().longs(NAMES.size()).toArray();

  /** The halves of what these values have. */
  List<Column> of(List<Column> values) {
    List<Column> hashed = new ArrayList<>();
    for (Column value : values) {
      // A hash of Spark's passes over a NULL.
      hashed.add(when(value.isNull(), lit(1)).otherwise(lit(0)));
      hashed.add(value);
    }
    List<Expression> expressions = hashed.stream().map(ExpressionUtils::expression).toList();
    return Stream.of(seeds[0], seeds[1])
        .map(
            seed ->
                ExpressionUtils.column(
                    new XxHash64(CollectionConverters.asScala(expressions).toList(), seed)))
        .toList();
  }
}
