package backfill.spark.pairs;

import backfill.membership.NestingGraph;
import backfill.spark.engine.Brought;
import backfill.spark.engine.Derived;
import backfill.spark.read.UnfitRowsException;
import java.util.List;
import java.util.Locale;
import java.util.function.LongConsumer;
import java.util.function.LongUnaryOperator;
import org.apache.spark.api.java.JavaRDD;

/**
 * What a step's nesting, and the sets that are closed over it, may take in the driver's memory.
 *
 * @param most by {@code flatten.nested-bytes}
 */
record NestingMemory(String step, long most) {
  private static final long BYTES_OF_PAIR = 2L * Long.BYTES;

  /**
   * @throws UnfitRowsException if they take more
   */
  void require(long bytes) {
    if (bytes > most) {
      throw new UnfitRowsException(
          String.format(
              Locale.ROOT,
              "what is nested in what in step %s, and the sets closed over that, take %,d bytes or more, and"
                  + " flatten.nested-bytes is %,d; the driver holds them whole: raise it along with the driver's memory",
              step,
              bytes,
              most));
    }
  }

  /** How many pairs may come to the driver. */
  long pairs() {
    return most / BYTES_OF_PAIR;
  }

  /** The same beside what is held already. */
  LongConsumer beside(long held) {
    return bytes -> require(held + bytes);
  }

  /**
   * Brings pairs to the driver.
   *
   * @param bytes what so many will take
   * @throws UnfitRowsException if that is more than they may
   */
  List<NumberedPairs> brought(List<JavaRDD<NumberedPairs>> some, LongUnaryOperator bytes) {
    if (some.isEmpty()) {
      require(bytes.applyAsLong(0));
      return List.of();
    }
    Brought<NumberedPairs> brought =
        Brought.of(Derived.together(some), NumberedPairs::size, pairs());
    require(bytes.applyAsLong(brought.weight()));
    return brought.elements();
  }

  /**
   * Brings edges to the driver, as a graph.
   *
   * @param edges pairs (from, to)
   * @param more keys that are numbered, too
   */
  NestingGraph graph(List<JavaRDD<NumberedPairs>> edges, long[] more) {
    List<NumberedPairs> all =
        brought(edges, count -> NestingGraph.bytes(count) + more.length * 2L * Long.BYTES);
    return NestingGraph.of(
        all.stream().map(NumberedPairs::keys).toList(),
        all.stream().map(NumberedPairs::members).toList(),
        all.stream().anyMatch(some -> some.levels() == null)
            ? null
            : all.stream().map(NestingMemory::levels).toList(),
        more);
  }

  private static byte[] levels(NumberedPairs edges) {
    byte[] levels = new byte[edges.size()];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) edges.level(i);
    }
    return levels;
  }
}
