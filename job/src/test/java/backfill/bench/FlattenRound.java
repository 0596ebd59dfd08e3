package backfill.bench;

import backfill.testing.TestingHeap;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * One flattening of the same grants in one JVM, as a line: the milliseconds that it took, the pairs
 * that it found, and the most bytes of the heap that were in use, garbage included.
 */
public record FlattenRound(long millis, long pairs, long heapBytes) {
  /** The first one is cold, the second one warm. */
  public static final int ROUNDS = 2;

  private static final String MARK = "flattened";

  /** Does it, and prints the line. */
  public static void print(LongSupplier flattening) {
    TestingHeap.forgetPeak();
    long began = System.nanoTime();
    long pairs = flattening.getAsLong();
    print(began, pairs, TestingHeap.peakBytes());
  }

  /** The same of what a server does, and not this heap. */
  static void printOfServer(LongSupplier flattening) {
    long began = System.nanoTime();
    print(began, flattening.getAsLong(), 0);
  }

  private static void print(long began, long pairs, long heapBytes) {
    long millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
    System.out.println(MARK + " " + millis + " " + pairs + " " + heapBytes);
  }

  /** The rounds that a process printed. */
  static List<FlattenRound> of(String out) {
    return out.lines()
        .map(line -> line.split(" "))
        .filter(words -> words[0].equals(MARK))
        .map(
            words ->
                new FlattenRound(
                    Long.parseLong(words[1]), Long.parseLong(words[2]), Long.parseLong(words[3])))
        .toList();
  }
}
