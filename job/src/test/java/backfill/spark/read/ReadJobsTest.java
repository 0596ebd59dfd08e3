package backfill.spark.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.spark.engine.EngineSettings;
import backfill.testing.TestingSpark;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.SQLConf;
import org.junit.jupiter.api.Test;

/** Reads beside each other; the tasks run in this JVM, on two threads. */
class ReadJobsTest {
  private static final AtomicInteger RUNNING = new AtomicInteger();
  private static final AtomicInteger MOST = new AtomicInteger();
  private static final AtomicInteger STARTED = new AtomicInteger();
  private static volatile CountDownLatch both;

  private final JavaSparkContext spark =
      JavaSparkContext.fromSparkContext(TestingSpark.session().sparkContext());

  private JavaRDD<Integer> numbers(int partitions) {
    return spark.parallelize(IntStream.range(0, partitions).boxed().toList(), partitions);
  }

  private JavaRDD<Integer> slow(int partitions) {
    return numbers(partitions)
        .map(
            number -> {
              MOST.accumulateAndGet(RUNNING.incrementAndGet(), Math::max);
              Thread.sleep(30);
              RUNNING.decrementAndGet();
              return number;
            });
  }

  @Test
  void atMostSoManyTasksAtATimeAndResultsInTheirOrder() {
    MOST.set(0);
    ReadJobs one = new ReadJobs(TestingSpark.session(), 1);
    List<String> finished = new ArrayList<>();
    for (String name : List.of("a", "b", "c")) {
      one.begin(slow(1), numbers -> finished.add(name + numbers));
    }
    one.finish();

    assertThat(MOST.get()).isEqualTo(1);
    assertThat(finished).containsExactly("a[0]", "b[0]", "c[0]");
  }

  /** Each waits for the other: alone, neither comes to its end. */
  @Test
  void twoGoBesideEachOtherWhereThereIsRoom() {
    both = new CountDownLatch(2);
    List<Boolean> met = Collections.synchronizedList(new ArrayList<>());
    ReadJobs two = new ReadJobs(TestingSpark.session(), 2);
    for (int i = 0; i < 2; i++) {
      two.begin(
          numbers(1)
              .map(
                  number -> {
                    both.countDown();
                    return both.await(20, TimeUnit.SECONDS);
                  }),
          met::addAll);
    }
    two.finish();

    assertThat(met).containsExactly(true, true);
  }

  @Test
  void oneWithMoreTasksThanReadersRunsAlone() {
    MOST.set(0);
    ReadJobs one = new ReadJobs(TestingSpark.session(), 1);
    List<Integer> all = new ArrayList<>();
    one.begin(slow(1), all::addAll);
    one.begin(numbers(3), all::addAll);
    one.finish();

    assertThat(all).containsExactly(0, 0, 1, 2);
  }

  @Test
  void aFailureIsSparksOwnAndTheRestIsGivenUp() {
    STARTED.set(0);
    ReadJobs one = new ReadJobs(TestingSpark.session(), 1);
    one.begin(
        numbers(1)
            .map(
                number -> {
                  throw new IllegalStateException("unreadable");
                }),
        none -> {
          throw new AssertionError("it failed");
        });

    assertThatThrownBy(
            () ->
                one.begin(
                    numbers(1).map(number -> STARTED.incrementAndGet()),
                    never -> {
                      throw new AssertionError("it never began");
                    }))
        .isInstanceOf(SparkException.class)
        .hasMessageContaining("unreadable");
    one.giveUp();
    one.finish();
    assertThat(STARTED.get()).isZero();
  }

  @Test
  void whatIsGivenUpIsNotWaitedFor() {
    ReadJobs one = new ReadJobs(TestingSpark.session(), 1);
    one.begin(
        numbers(1)
            .map(
                number -> {
                  Thread.sleep(60_000);
                  return number;
                }),
        never -> {
          throw new AssertionError("it was given up");
        });
    long began = System.nanoTime();
    one.giveUp();
    one.finish();

    assertThat(System.nanoTime() - began).isLessThan(TimeUnit.SECONDS.toNanos(30));
  }

  /** Else what is read for a few rows would be compiled, and a query's rules be others' there. */
  @Test
  void tasksHaveTheSettingsOfTheSession() {
    SparkSession session = EngineSettings.newSession(TestingSpark.session());
    session.conf().set("spark.sql.codegen.factoryMode", "NO_CODEGEN");
    session.conf().set("spark.sql.mapKeyDedupPolicy", "LAST_WIN");
    ReadJobs one = new ReadJobs(session, 1);
    List<String> seen = new ArrayList<>();
    one.begin(
        numbers(1)
            .map(
                number ->
                    SQLConf.get().getConfString("spark.sql.codegen.factoryMode", "none")
                        + " "
                        + SQLConf.get().getConfString("spark.sql.mapKeyDedupPolicy", "none")),
        seen::addAll);
    one.finish();

    assertThat(seen).containsExactly("NO_CODEGEN LAST_WIN");
    assertThat(spark.sc().getLocalProperty("spark.sql.codegen.factoryMode")).isNull();
  }
}
