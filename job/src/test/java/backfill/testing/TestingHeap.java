package backfill.testing;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.List;

/** The most bytes of this JVM's heap that were in use, garbage included; as a line, too. */
public final class TestingHeap {
  private static final String MARK = "heap-peak ";

  private TestingHeap() {}

  /** Begins anew. */
  public static void forgetPeak() {
    pools().forEach(MemoryPoolMXBean::resetPeakUsage);
  }

  /** Since {@link #forgetPeak}. */
  public static long peakBytes() {
    return pools().stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
  }

  static String line() {
    return MARK + peakBytes();
  }

  /** What a process said of itself by such lines. */
  public static List<Long> peaks(String out) {
    return out.lines()
        .filter(line -> line.startsWith(MARK))
        .map(line -> Long.parseLong(line.substring(MARK.length())))
        .toList();
  }

  private static List<MemoryPoolMXBean> pools() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .toList();
  }
}
