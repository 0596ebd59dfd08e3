package backfill.testing;

import backfill.testing.TestingCommitProxy.Cut;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.ObjLongConsumer;
import java.util.function.UnaryOperator;

/**
 * One fault that happens to one plan's run, at a moment that its seed decides; and then the same
 * command again, until all holds that must. Its name and the seed repeat it.
 */
public final class TestingFaultCase {
  private static final int ATTEMPTS = 12;
  private static final Map<TestingFaultedPlan, TestingMoments> MOMENTS =
      new EnumMap<>(TestingFaultedPlan.class);
  private static TestingPostgres own;
  private static TestingCluster cluster;

  /** What a fault needs for itself: cases of one place wait for each other, except the first. */
  public enum Where {
    SHARED,
    OWN,
    CLUSTER
  }

  final Random random;
  private final TestingFaultedPlan plan;
  private final TestingFault fault;
  private final String name;
  private final List<String> said = new ArrayList<>();

  /**
   * @param number of several faults of this kind that happen to this plan
   */
  public TestingFaultCase(TestingFaultedPlan plan, TestingFault fault, int number, long seed) {
    this.plan = plan;
    this.fault = fault;
    this.name = plan + "/" + fault + "/" + number;
    this.random = new Random(31 * seed + name.hashCode());
  }

  public String name() {
    return name;
  }

  public Where where() {
    return fault.where();
  }

  /** Lets it happen, and holds everything against what came of it. */
  public void run() throws Exception {
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      said.clear();
      try (TestingFaultScene scene = TestingFaultScene.of(plan, server())) {
        Optional<TestingRun> run = fault.strike(scene, this);
        if (run.isPresent()) {
          assertAll(scene, run.get());
          return;
        }
      }
    }
    throw new AssertionError(this + ": the run was over before it, " + ATTEMPTS + " times");
  }

  private void assertAll(TestingFaultScene scene, TestingRun run) throws Exception {
    if (run != TestingRun.NONE) {
      say(
          "exit %d at %s %s"
              .formatted(
                  run.code(),
                  run.report().path("error").path("stage").asText(),
                  run.report().path("error").path("step").asText()));
    }
    String after = toString();
    System.out.println("fault " + after);
    if (run != TestingRun.NONE) {
      scene.assertReported(run, fault.codes(), after);
      fault.assertEnd(scene, run, after);
    }
    if (fault.countsRows()) {
      scene.assertLedgerIsRight(after);
      scene.assertRerunEndsItAll(after);
    }
  }

  void say(String what) {
    said.add(what);
  }

  @Override
  public String toString() {
    return name + (said.isEmpty() ? "" : ": " + String.join("; ", said));
  }

  TestingPostgres server() {
    return fault.where() == Where.OWN ? ownServer() : TestingPostgres.shared();
  }

  private static synchronized TestingPostgres ownServer() {
    if (own == null) {
      own = TestingPostgres.start();
    }
    return own;
  }

  TestingCluster cluster() throws Exception {
    return sharedCluster();
  }

  private static synchronized TestingCluster sharedCluster() throws Exception {
    if (cluster == null) {
      cluster = TestingCluster.start(1);
    }
    return cluster;
  }

  /** Ends what the cases have started for themselves. */
  public static synchronized void end() throws Exception {
    if (cluster != null) {
      cluster.close();
      cluster = null;
    }
  }

  /** Where a run of this plan may be met: an undisturbed one is followed once. */
  TestingMoments moments() throws Exception {
    synchronized (plan) {
      TestingMoments known = MOMENTS.get(plan);
      if (known == null) {
        try (TestingFaultScene scene = TestingFaultScene.of(plan, TestingPostgres.shared())) {
          CompletableFuture<TestingRun> run = scene.begin();
          try (TestingRunWatch watch = new TestingRunWatch(scene.database, run::isDone)) {
            known = TestingMoments.of(scene, watch);
          }
          scene.assertDone(run.get(), plan + " undisturbed");
        }
        System.out.println("fault " + plan + ": " + known);
        MOMENTS.put(plan, known);
      }
      return known;
    }
  }

  /** Returns a little after a moment of the run that chance decides, or when it is over. */
  void await(TestingFaultScene scene, BooleanSupplier over) throws Exception {
    TestingMoments moments = moments();
    try (TestingRunWatch watch = new TestingRunWatch(scene.database, over)) {
      say(moments.await(random.nextInt(2), random, watch));
    }
  }

  /** A target of the plan, or a source. */
  String anyTable() {
    List<String> tables = new ArrayList<>(plan.sources());
    plan.targets().forEach(target -> tables.add(target.table()));
    return tables.get(random.nextInt(tables.size()));
  }

  /** The environment by which a run finds its databases another way. */
  Map<String, String> by(UnaryOperator<String> url, TestingFaultScene scene) {
    Map<String, String> environment = new HashMap<>(scene.tables.environment());
    environment.replaceAll((key, value) -> key.endsWith("_URL") ? url.apply(value) : value);
    return environment;
  }

  /** What is done to a line while a run goes over it. */
  @FunctionalInterface
  interface OverALine {
    void with(TestingFaultProxy proxy, CompletableFuture<TestingRun> run) throws Exception;
  }

  Optional<TestingRun> byProxy(TestingFaultScene scene, OverALine meanwhile) throws Exception {
    moments();
    try (TestingFaultProxy proxy = new TestingFaultProxy(scene.database.url())) {
      CompletableFuture<TestingRun> run = scene.begin(by(proxy::url, scene));
      meanwhile.with(proxy, run);
      TestingRun ended = scene.ended(run, toString());
      return proxy.happened() > 0 ? Optional.of(ended) : Optional.empty();
    }
  }

  /** At a byte that chance takes, once a moment of the run has come. */
  Optional<TestingRun> midStream(TestingFaultScene scene, ObjLongConsumer<TestingFaultProxy> fault)
      throws Exception {
    return byProxy(
        scene,
        (proxy, run) -> {
          await(scene, run::isDone);
          fault.accept(proxy, 1 + random.nextInt(8_000));
        });
  }

  Optional<TestingRun> byCommitProxy(TestingFaultScene scene, Cut cut) throws Exception {
    moments();
    int times = 1 + random.nextInt(3);
    try (TestingCommitProxy proxy = TestingCommitProxy.to(scene.database.url(), cut)) {
      CompletableFuture<TestingRun> run = scene.begin(by(proxy::url, scene));
      await(scene, run::isDone);
      proxy.cutNext(times);
      TestingRun ended = scene.ended(run, toString());
      return proxy.left() < times ? Optional.of(ended) : Optional.empty();
    }
  }

  /**
   * @param signalling signals sessions of the run, and counts those that were reached
   */
  Optional<TestingRun> bySessions(TestingFaultScene scene, String signalling) throws Exception {
    CompletableFuture<TestingRun> run = scene.begin();
    await(scene, run::isDone);
    long reached = 0;
    while (reached == 0 && !run.isDone()) {
      reached = scene.database.count(signalling);
    }
    TestingRun ended = scene.ended(run, toString());
    return reached > 0 ? Optional.of(ended) : Optional.empty();
  }

  /** What is done to a server. */
  @FunctionalInterface
  interface ToAServer {
    void happens(TestingPostgres server) throws Exception;
  }

  Optional<TestingRun> byServer(TestingFaultScene scene, ToAServer fault) throws Exception {
    CompletableFuture<TestingRun> run = scene.begin();
    await(scene, run::isDone);
    boolean over = run.isDone();
    fault.happens(server());
    TestingRun ended = scene.ended(run, toString());
    return over ? Optional.empty() : Optional.of(ended);
  }

  /** It ends so, and is started again after a while. */
  Optional<TestingRun> byRestart(TestingFaultScene scene, ToAServer end) throws Exception {
    return byServer(
        scene,
        server -> {
          end.happens(server);
          Thread.sleep(random.nextInt(1500));
          server.restart();
        });
  }

  /** From here on the first writer is slow: a copy of its task is worth a try. */
  void slowDown(TestingFaultScene scene) throws Exception {
    scene.database.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            + " IF current_setting('application_name') LIKE '%#1' THEN PERFORM pg_sleep(0.3); END IF;"
            + " RETURN NULL; END $$");
    for (TestingFaultedPlan.Target target : plan.targets()) {
      scene.database.execute(
          "CREATE TRIGGER slow AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION slow()"
              .formatted(target.table()));
    }
  }
}
