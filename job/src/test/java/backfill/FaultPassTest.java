package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingFaultedDojo;
import backfill.testing.TestingMoments;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import backfill.testing.TestingRunWatch;
import backfill.testing.TestingRunWatch.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A run of the DefectDojo plan is killed, its server restarted, its connections cut, at moments
 * that chance decides, each in a database of its own; and then the same command is given again.
 */
class FaultPassTest {
  private static final int KILLS = 10;

  /** The first of these sessions, or a later one up to so many. */
  private record Cut(Role role, int latest) {}

  private static final List<Cut> CUTS =
      List.of(
          new Cut(Role.PREFLIGHT, 3),
          new Cut(Role.EXPORTER, 2),
          new Cut(Role.READER, 20),
          new Cut(Role.READER, 20),
          new Cut(Role.WRITER, 6),
          new Cut(Role.WRITER, 6),
          new Cut(Role.LEDGER, 3),
          new Cut(Role.LEDGER, 10),
          new Cut(Role.ANY, 50),
          new Cut(Role.ANY, 50));

  private static long seed;
  private static TestingMoments inAProcess;
  private static TestingMoments here;

  /** One fault and what must hold after it. */
  private interface Fault {
    /** False if the run was over before it came to it. */
    boolean happens(int number, Random random) throws Exception;
  }

  @BeforeAll
  static void measure() throws Exception {
    seed = TestingRandomGrants.anySeed();
    System.out.println("FaultPassTest: backfill.seed=" + seed);
    try (TestingFaultedDojo there = TestingFaultedDojo.on(TestingPostgres.shared());
        TestingProcess job = there.process()) {
      inAProcess = moments(there, () -> !job.isAlive());
      there.assertDone(job.end(), "undisturbed, in a process");
    }
    try (TestingFaultedDojo there = TestingFaultedDojo.on(TestingPostgres.shared())) {
      CompletableFuture<TestingRun> run = there.begin();
      here = moments(there, run::isDone);
      there.assertDone(run.get(), "undisturbed");
    }
  }

  private static TestingMoments moments(TestingFaultedDojo there, BooleanSupplier over)
      throws Exception {
    try (TestingRunWatch watch = new TestingRunWatch(there.database, over)) {
      return TestingMoments.of(there, watch);
    }
  }

  @Test
  void driverKilledAtAnyMoment() throws Exception {
    AtomicInteger halfWritten = new AtomicInteger();
    inTwos(
        KILLS,
        (number, random) -> {
          try (TestingFaultedDojo there = TestingFaultedDojo.on(TestingPostgres.shared());
              TestingProcess job = there.process();
              TestingRunWatch watch = new TestingRunWatch(there.database, () -> !job.isAlive())) {
            String moment = inAProcess.await(number, random, watch);
            boolean killed = job.isAlive();
            job.kill();
            String after = "killed " + moment + ", last said: " + job.lastLine();
            System.out.println("FaultPassTest: " + after);
            if (there.batches() > 0 && there.batches() < inAProcess.batches()) {
              halfWritten.incrementAndGet();
            }
            there.assertLedgerIsRight(after);
            there.assertRerunEndsItAll(after);
            return killed;
          }
        });

    assertThat(halfWritten.get()).as("kills between the first batch and the last").isPositive();
  }

  @Test
  void connectionCutAtAnyMoment() throws Exception {
    inTwos(
        CUTS.size(),
        (number, random) -> {
          Cut cut = CUTS.get(number);
          try (TestingFaultedDojo there = TestingFaultedDojo.on(TestingPostgres.shared())) {
            CompletableFuture<TestingRun> run = there.begin();
            int nth = 1 + random.nextInt(cut.latest());
            Optional<String> victim;
            try (TestingRunWatch watch = new TestingRunWatch(there.database, run::isDone)) {
              victim = watch.cut(cut.role(), nth);
            }
            if (victim.isEmpty()) {
              run.get();
              return false;
            }
            holdsAfter(there, run.get(), "cut " + cut.role() + " " + nth + ": " + victim.get());
            return true;
          }
        });
  }

  @Test
  void serverRestartedAtAnyMoment() throws Exception {
    try (TestingPostgres server = TestingPostgres.start()) {
      int number = 0;
      for (Restart restart : Restart.values()) {
        Random random = new Random(seed + number);
        boolean happened = false;
        while (!happened) {
          happened = restarted(server, restart, number, random);
        }
        number++;
      }
    }
  }

  private boolean restarted(TestingPostgres server, Restart restart, int number, Random random)
      throws Exception {
    try (TestingFaultedDojo there = TestingFaultedDojo.on(server)) {
      CompletableFuture<TestingRun> run = there.begin();
      String moment;
      try (TestingRunWatch watch = new TestingRunWatch(there.database, run::isDone)) {
        moment = here.await(number, random, watch);
      }
      boolean happened = !run.isDone();
      restart.of(server, random);
      String when = happened ? moment : "after its end";
      holdsAfter(there, run.get(), restart + " " + when);
      return happened;
    }
  }

  /** How a server may be gone for a while. */
  private enum Restart {
    FAST {
      @Override
      void of(TestingPostgres server, Random random) {
        server.restart();
      }
    },
    CRASH {
      @Override
      void of(TestingPostgres server, Random random) throws Exception {
        server.crash();
      }
    },
    SLOW {
      @Override
      void of(TestingPostgres server, Random random) throws Exception {
        server.stop();
        Thread.sleep(random.nextInt(1500));
        server.restart();
      }
    };

    abstract void of(TestingPostgres server, Random random) throws Exception;
  }

  private static void holdsAfter(TestingFaultedDojo there, TestingRun run, String fault)
      throws Exception {
    String after =
        "%s; exit %d at %s %s"
            .formatted(
                fault,
                run.code(),
                run.report().path("error").path("stage").asText(),
                run.report().path("error").path("step").asText());
    System.out.println("FaultPassTest: " + after);
    there.assertReported(run, after);
    there.assertLedgerIsRight(after);
    there.assertRerunEndsItAll(after);
  }

  /** So many faults, two at a time, each until it happened. */
  private static void inTwos(int faults, Fault fault) throws Exception {
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < faults; i++) {
        int number = i;
        all.add(
            two.submit(
                () -> {
                  Random random = new Random(seed + number);
                  boolean happened = false;
                  while (!happened) {
                    happened = fault.happens(number, random);
                  }
                  return null;
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      two.shutdownNow();
    }
  }
}
