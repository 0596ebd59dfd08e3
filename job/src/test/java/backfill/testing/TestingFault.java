package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCommitProxy.Cut;
import backfill.testing.TestingFaultCase.Where;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** What may happen to a run, and how a run may end by it. */
public enum TestingFault {
  /** An administrator ends one of our sessions. */
  SESSION_ENDED(Where.SHARED, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      Optional<TestingRun> run =
          one.bySessions(
              scene,
              """
              SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))
              FROM (SELECT pid%s ORDER BY md5(pid::text || %d) LIMIT 1) AS s"""
                  .formatted(TestingGrants.SESSIONS, one.random.nextInt(1000)));
      return scene.sessionsKilled(one.toString()) > 0 ? run : Optional.empty();
    }
  },

  /** An administrator cancels whatever we have running. */
  STATEMENT_CANCELLED(Where.SHARED, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      return one.bySessions(
          scene,
          "SELECT count(*) FILTER (WHERE pg_cancel_backend(pid))"
              + TestingGrants.SESSIONS
              + " AND state = 'active' AND application_name NOT LIKE '% watch'");
    }

    /** Of a person who cancels it nothing tells that they would not do so again. */
    @Override
    void assertEnd(TestingFaultScene scene, TestingRun run, String after) {
      // Any documented end will do.
    }
  },

  /** Another session holds the lock of a table. */
  TABLE_LOCKED(Where.SHARED, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      String table = one.anyTable();
      CompletableFuture<TestingRun> run = scene.begin();
      one.await(scene, run::isDone);
      try (Connection holder = scene.database.connection();
          Statement statement = holder.createStatement()) {
        holder.setAutoCommit(false);
        statement.execute("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE");
        while (scene.waitingSessions() == 0 && !run.isDone()) {
          Thread.sleep(5);
        }
        boolean over = run.isDone();
        Thread.sleep(500 + one.random.nextInt(2000));
        holder.rollback();
        one.say(table);
        TestingRun ended = scene.ended(run, one.toString());
        return over ? Optional.empty() : Optional.of(ended);
      }
    }
  },

  /** A connection is cut in the middle of what goes over it. */
  CONNECTION_CUT(Where.SHARED, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      return one.midStream(scene, TestingFaultProxy::cutAfter);
    }
  },

  /** The same, of one that copies rows. */
  CUT_IN_COPY(Where.SHARED, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      // Some plans copy a few hundred bytes.
      int after = 1 << one.random.nextInt(15);
      return one.byProxy(scene, (proxy, run) -> proxy.cutInCopyAfter(after));
    }

    @Override
    public boolean appliesTo(TestingFaultedPlan plan) {
      return plan.startsSpark();
    }
  },

  /** Everything takes longer. */
  CONNECTION_SLOW(Where.SHARED, 0) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      try (TestingFaultProxy proxy = new TestingFaultProxy(scene.database.url())) {
        proxy.delay(1 + one.random.nextInt(8));
        return Optional.of(scene.ended(scene.begin(one.by(proxy::url, scene)), one.toString()));
      }
    }
  },

  /** A connection carries nothing any more, and no end hears of it. */
  HALF_OPEN(Where.SHARED, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      return one.midStream(scene, TestingFaultProxy::swallowAfter);
    }
  },

  /** The server commits, and its answer is lost. */
  COMMIT_UNANSWERED(Where.SHARED, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      return one.byCommitProxy(scene, Cut.BEFORE_THE_ANSWER);
    }
  },

  /** The server never gets a COMMIT. */
  COMMIT_LOST(Where.SHARED, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      return one.byCommitProxy(scene, Cut.BEFORE_THE_SERVER);
    }
  },

  /** One of the server's processes is killed, and it recovers. */
  SERVER_CRASHED(Where.OWN, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      return one.byServer(scene, TestingPostgres::crash);
    }
  },

  /** All of the server's processes are killed, and it is started again after a while. */
  SERVER_KILLED(Where.OWN, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      return one.byRestart(scene, TestingPostgres::kill);
    }
  },

  /** The server is stopped in an orderly way, and started again after a while. */
  SERVER_RESTARTED(Where.OWN, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      return one.byRestart(scene, TestingPostgres::stop);
    }
  },

  /** The server goes, and comes back on another port, to which its name then leads. */
  SERVER_MOVED(Where.OWN, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      return one.byProxy(
          scene,
          (proxy, run) -> {
            one.await(scene, run::isDone);
            proxy.cutAfter(0);
            one.server().restartElsewhere();
            proxy.leadTo(scene.database.url());
          });
    }
  },

  /** The disk on which a target is has no room for another page. */
  DISK_FULL(Where.OWN, 0, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      try (TestingSmallDisk disk = new TestingSmallDisk(scene, one)) {
        CompletableFuture<TestingRun> run = scene.begin();
        if (!scene.tables.plan().startsSpark()) {
          // Not before: an index that is built concurrently waits for old snapshots.
          try (TestingRunWatch watch = new TestingRunWatch(scene.database, run::isDone)) {
            watch.awaitBatches(1);
          }
          disk.keepOldRows();
        }
        TestingRun ended = scene.ended(run, one.toString());
        disk.grow();
        return ended.code() == 0 ? Optional.empty() : Optional.of(ended);
      }
    }

    @Override
    public boolean appliesTo(TestingFaultedPlan plan) {
      return TestingSmallDisk.isAllowed();
    }

    /** Room is made by a person, not by another attempt. */
    @Override
    void assertEnd(TestingFaultScene scene, TestingRun run, String after) {
      assertThat(run.report().path("error").path("sqlState").asText()).as(after).isEqualTo("53100");
    }
  },

  /** Two runs begin at the same time. */
  TWO_DRIVERS(Where.SHARED, 0, 75) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      CompletableFuture<TestingRun> first = scene.begin();
      Thread.sleep(one.random.nextInt(200));
      CompletableFuture<TestingRun> second = scene.begin();
      TestingRun other = scene.ended(second, one.toString());
      TestingRun ended = scene.ended(first, one.toString());
      assertThat(Set.of(ended.code(), other.code()))
          .as(one + ": " + ended.end() + other.end())
          .contains(0);
      scene.assertReported(other, Set.of(0, 75), one + ", the other");
      return Optional.of(ended);
    }

    @Override
    void assertEnd(TestingFaultScene scene, TestingRun run, String after) {
      // One of them did it all.
    }
  },

  /** Tables and indexes are rewritten, and columns come and go, all the while. */
  MAINTAINED(Where.SHARED, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      CompletableFuture<TestingRun> run = scene.begin();
      long done = TestingMaintenance.meanwhile(scene, one.random, run::isDone);
      TestingRun ended = scene.ended(run, one.toString());
      return done > 0 ? Optional.of(ended) : Optional.empty();
    }
  },

  /** Others write the same keys, in sources and targets. */
  OTHERS_WRITE(Where.SHARED, 0, 4, 6, 7) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      try (TestingBusyWriters others = new TestingBusyWriters(scene, one.random)) {
        TestingRun ended = scene.ended(scene.begin(), one.toString());
        one.say(others.stop() + " transactions of others");
        one.say("exit " + ended.code());
        scene.assertReported(ended, codes(), one.toString());
        others.assertAllowed(ended, one + "; " + ended.end());
        TestingRun rerun = scene.rerun(one.toString());
        assertThat(rerun.code()).as(one + ", rerun: " + rerun.end()).isZero();
        scene.tables.assertComplete(one + ", rerun");
        scene.assertNothingLeft(one + ", rerun");
        return Optional.of(TestingRun.NONE);
      }
    }

    /** What others wrote is no growth of ours. */
    @Override
    boolean countsRows() {
      return false;
    }
  },

  /** The driver is killed. */
  DRIVER_KILLED(Where.SHARED) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      try (TestingProcess job = scene.process()) {
        one.await(scene, () -> !job.isAlive());
        boolean killed = job.isAlive();
        job.kill();
        one.say("last said: " + job.lastLine());
        return killed ? Optional.of(TestingRun.NONE) : Optional.empty();
      }
    }
  },

  /** The driver sleeps until another run has taken over and ended, and wakes then. */
  DRIVER_FROZEN(Where.SHARED, 0, 3, 4, 6, 75) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      try (TestingProcess job = scene.process()) {
        one.await(scene, () -> !job.isAlive());
        if (!job.isAlive()) {
          return Optional.empty();
        }
        job.signal("STOP");
        one.say("last said: " + job.lastLine());
        TestingRun other = scene.rerun(one + ", meanwhile");
        assertThat(other.code()).as(one + ", meanwhile: " + other.end()).isZero();
        scene.tables.assertRight(one + ", meanwhile");
        job.signal("CONT");
        return Optional.of(job.end());
      }
    }

    @Override
    void assertEnd(TestingFaultScene scene, TestingRun run, String after) throws Exception {
      scene.tables.assertRight(after + ", awake again");
    }
  },

  /** An executor of a cluster is killed. */
  EXECUTOR_KILLED(Where.CLUSTER, 0, 3, 4, 6) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      try (TestingProcess job = scene.process(one.cluster(), Map.of())) {
        one.await(scene, () -> !job.isAlive());
        boolean killed = false;
        while (!killed && job.isAlive()) {
          List<ProcessHandle> executors = one.cluster().executors();
          killed =
              !executors.isEmpty()
                  && executors.get(one.random.nextInt(executors.size())).destroyForcibly();
          Thread.sleep(20);
        }
        TestingRun ended = job.end();
        return killed ? Optional.of(ended) : Optional.empty();
      }
    }
  },

  /** A task is slow, and the cluster starts it a second time. */
  SPECULATED(Where.CLUSTER, 0) {
    @Override
    Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one) throws Exception {
      one.slowDown(scene);
      try (TestingProcess job = scene.process(one.cluster(), TestingCluster.SPECULATING)) {
        return Optional.of(job.end());
      }
    }
  };

  private final Where where;
  private final Set<Integer> codes;

  TestingFault(Where where, Integer... codes) {
    this.where = where;
    this.codes = Set.of(codes);
  }

  Where where() {
    return where;
  }

  Set<Integer> codes() {
    return codes;
  }

  /** Whether it happens to a run on a cluster. */
  public boolean needsCluster() {
    return where == Where.CLUSTER;
  }

  /** Whether a plan's runs have what this fault is about. */
  public boolean appliesTo(TestingFaultedPlan plan) {
    return where != Where.CLUSTER || plan.startsSpark();
  }

  /**
   * Begins a run and lets it happen.
   *
   * @return the run, ended; empty if it was over before
   */
  abstract Optional<TestingRun> strike(TestingFaultScene scene, TestingFaultCase one)
      throws Exception;

  /** Whether the targets hold what was there before and what we wrote, and nothing else. */
  boolean countsRows() {
    return true;
  }

  /** What holds of the run that it happened to, beside its code. */
  void assertEnd(TestingFaultScene scene, TestingRun run, String after) throws Exception {
    scene.assertRetryable(run, after);
  }

  static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
