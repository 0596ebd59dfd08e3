package backfill.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.report.ExitCode;
import backfill.report.Stopping;
import backfill.run.RunScope;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class StoppingTest {
  private static final Stopping.Reason TERM = new Stopping.Reason("SIGTERM", ExitCode.STOPPED);
  private static final Stopping.Reason INT = new Stopping.Reason("SIGINT", ExitCode.INTERRUPTED);

  private final Stopping stopping = Stopping.byHand();

  @Test
  void firstWhoAsksCountsAndIsToldOnce() {
    AtomicInteger told = new AtomicInteger();
    stopping.onAsked(told::incrementAndGet);
    stopping.ask(INT);
    stopping.ask(TERM);

    assertThat(stopping.reason()).contains(INT);
    assertThat(told).hasValue(1);
  }

  @Test
  void whoComesLateIsToldAtOnceAndWhoForgotNever() {
    AtomicInteger told = new AtomicInteger();
    Runnable forgotten = told::incrementAndGet;
    stopping.onAsked(forgotten);
    stopping.forget(forgotten);
    stopping.ask(TERM);
    assertThat(told).hasValue(0);

    stopping.onAsked(told::incrementAndGet);
    assertThat(told).hasValue(1);
  }

  @Test
  void workGoesOnUntilSomebodyAsks() {
    stopping.check();
    stopping.ask(TERM);
    assertThatThrownBy(stopping::check)
        .isInstanceOf(CancellationException.class)
        .hasMessage("stopped by SIGTERM");
  }

  @Test
  void commandIsSaidAsAShellTakesIt() {
    assertThat(CommandText.of(List.of("run", "a plan.conf", "--set", "params.who=it's")))
        .isEqualTo("backfill run 'a plan.conf' --set 'params.who=it'\\''s'");
  }

  @Test
  void runsOfOnePlanHaveNamesOfTheirOwnWithRoomForMore() {
    String name = RunScope.applicationName("x".repeat(60), "0f8fad5b-d9cb-469f-a165-70867728950e");
    assertThat(name).isEqualTo("backfill " + "x".repeat(32) + " 0f8fad5b");
    assertThat(name + " preflight").hasSizeLessThanOrEqualTo(63);
    assertThat(RunScope.applicationName("short", "0f8fad5b-d9cb-469f-a165-70867728950e"))
        .isEqualTo("backfill short 0f8fad5b");
  }
}
