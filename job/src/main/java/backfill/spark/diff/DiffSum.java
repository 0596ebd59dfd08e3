package backfill.spark.diff;

import backfill.spark.engine.SparkJobs;
import java.io.Serializable;
import java.util.HexFormat;
import org.apache.spark.api.java.JavaRDD;

/**
 * How many rows a diff has, and the sum of their digests modulo 2¹²⁸: the same whatever their
 * order, and however they are divided among partitions.
 *
 * @param high the sum's upper 64 bits
 */
public record DiffSum(long rows, long high, long low) implements Serializable {
  public static final DiffSum NONE = new DiffSum(0, 0, 0);

  /** Of everything, from the sum of each partition. */
  public static DiffSum of(JavaRDD<DiffSum> parts) {
    return SparkJobs.collect(parts).stream().reduce(NONE, DiffSum::plus);
  }

  public DiffSum plus(DiffSum other) {
    long sum = low + other.low;
    long carried = Long.compareUnsigned(sum, low) < 0 ? 1 : 0;
    return new DiffSum(rows + other.rows, high + other.high + carried, sum);
  }

  /** The sum in 32 hexadecimal digits. */
  public String checksum() {
    return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
  }
}
