package backfill.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CompilerAdviceTest {
  private static final long GIBIBYTE = 1L << 30;
  private static final String FIRST = "-XX:TieredStopAtLevel=1";
  private static final String BOTH = "-XX:TieredStopAtLevel=4";

  @Test
  void muchInTheLaunchersOwnJvm() {
    assertThat(CompilerAdvice.advice(GIBIBYTE, () -> List.of("-Xmx2g", FIRST)))
        .hasValueSatisfying(
            advice ->
                assertThat(advice).contains("1,024 MiB").endsWith("BACKFILL_JVM_OPTIONS=" + BOTH));
  }

  @Test
  void nothingToSay() {
    assertThat(CompilerAdvice.advice(GIBIBYTE, () -> List.of(FIRST, BOTH))).as("heeded").isEmpty();
    assertThat(CompilerAdvice.advice(GIBIBYTE, () -> List.of("-Xmx2g")))
        .as("not the launcher's")
        .isEmpty();
    assertThat(CompilerAdvice.advice(10L << 20, () -> List.of(FIRST))).as("little").isEmpty();
  }
}
