package backfill.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What would make a long run shorter. The launcher's JVM has its first compiler alone, which suits
 * runs of seconds; minutes of Spark's SQL want the second one, too.
 */
public final class CompilerAdvice {
  private static final long LARGE = 256L << 20;
  private static final String COMPILER = "-XX:TieredStopAtLevel=";

  private CompilerAdvice() {}

  /**
   * A sentence where queries read much in a JVM that has the first compiler alone.
   *
   * @param queriedBytes the size of the tables that queries read
   * @param jvmArguments those of this JVM, of which the last one of a kind counts; asked for only
   *     where it matters
   */
  public static Optional<String> advice(long queriedBytes, Supplier<List<String>> jvmArguments) {
    if (queriedBytes < LARGE) {
      return Optional.empty();
    }
    Optional<String> compiler =
        jvmArguments.get().stream()
            .filter(argument -> argument.startsWith(COMPILER))
            .reduce((before, after) -> after);
    return compiler.filter((COMPILER + 1)::equals).isPresent()
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "read: queries read %,d MiB: a run of minutes is about a quarter shorter with BACKFILL_JVM_OPTIONS=%s4",
                queriedBytes >> 20,
                COMPILER))
        : Optional.empty();
  }
}
