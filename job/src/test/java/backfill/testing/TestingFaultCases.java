package backfill.testing;

import backfill.testing.TestingFaultCase.Where;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** Many faults, two at a time, and which of them failed. Prints the seed, and what repeats each. */
public final class TestingFaultCases {
  private final long seed;
  private final List<TestingFaultCase> left = new ArrayList<>();
  private final Set<Where> busy = EnumSet.noneOf(Where.class);
  private final List<AssertionError> failures = new ArrayList<>();

  private TestingFaultCases(long seed) {
    this.seed = seed;
  }

  private static TestingFaultCases seeded() {
    long seed = Long.getLong("faults.seed", new Random().nextInt(1_000_000));
    System.out.println("faults: -Dfaults.seed=" + seed);
    return new TestingFaultCases(seed);
  }

  /** Each of these faults for each of these plans, in as many rounds as the command line says. */
  public static TestingFaultCases all(TestingFaultedPlan[] plans, TestingFault... faults) {
    TestingFaultCases cases = seeded();
    String only = System.getProperty("faults.only", "");
    for (int round = 1; round <= Integer.getInteger("faults.rounds", 2); round++) {
      for (TestingFault fault : faults) {
        for (TestingFaultedPlan plan : plans) {
          TestingFaultCase one = new TestingFaultCase(plan, fault, round, cases.seed);
          if (fault.appliesTo(plan) && one.name().matches(only.isEmpty() ? ".*" : only)) {
            cases.left.add(one);
          }
        }
      }
    }
    return cases;
  }

  /**
   * These faults, and some of the others that need no cluster, each for one of two plans that
   * chance takes.
   */
  public static TestingFaultCases some(List<TestingFault> always, int others) {
    TestingFaultCases cases = seeded();
    Random random = new Random(cases.seed);
    List<TestingFaultedPlan> plans = new ArrayList<>(List.of(TestingFaultedPlan.values()));
    Collections.shuffle(plans, random);
    List<TestingFault> rest = new ArrayList<>(List.of(TestingFault.values()));
    rest.removeIf(
        fault ->
            fault.needsCluster()
                || always.contains(fault)
                || plans.stream().noneMatch(fault::appliesTo));
    Collections.shuffle(rest, random);
    List<TestingFaultedPlan> two = plans.subList(0, 2);
    for (TestingFault fault :
        Stream.concat(always.stream(), rest.stream().limit(others)).toList()) {
      Collections.shuffle(two, random);
      plans.stream()
          .filter(fault::appliesTo)
          .findFirst()
          .ifPresent(plan -> cases.left.add(new TestingFaultCase(plan, fault, 1, cases.seed)));
    }
    return cases;
  }

  /** Lets all happen; fails with all that failed. */
  public void run() throws Exception {
    ExecutorService two = Executors.newFixedThreadPool(2);
    int all = left.size();
    try {
      List<Future<?>> working = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        working.add(two.submit(this::work));
      }
      for (Future<?> one : working) {
        one.get();
      }
    } finally {
      two.shutdownNow();
      TestingFaultCase.end();
    }
    System.out.println("faults: " + all + " happened, " + failures.size() + " failed");
    if (!failures.isEmpty()) {
      AssertionError first = failures.get(0);
      failures.stream().skip(1).forEach(first::addSuppressed);
      throw first;
    }
  }

  private Void work() throws InterruptedException {
    for (Optional<TestingFaultCase> one = next(); one.isPresent(); one = next()) {
      try {
        one.get().run();
      } catch (Exception | AssertionError e) {
        failed(one.get(), e);
      }
      end(one.get());
    }
    return null;
  }

  /** The first one whose place is free; waits for it. */
  private synchronized Optional<TestingFaultCase> next() throws InterruptedException {
    while (!left.isEmpty()) {
      for (TestingFaultCase one : left) {
        if (!busy.contains(one.where())) {
          left.remove(one);
          if (one.where() != Where.SHARED) {
            busy.add(one.where());
          }
          return Optional.of(one);
        }
      }
      wait();
    }
    return Optional.empty();
  }

  private synchronized void end(TestingFaultCase one) {
    busy.remove(one.where());
    notifyAll();
  }

  private synchronized void failed(TestingFaultCase one, Throwable failure) {
    String repeat = one + "\n  repeat by -Dfaults.seed=" + seed + " -Dfaults.only=" + one.name();
    System.out.println("fault FAILED " + repeat + "\n  " + failure);
    failures.add(new AssertionError(repeat, failure));
  }
}
