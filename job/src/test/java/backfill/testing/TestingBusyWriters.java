package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingBusyKeys.Side;
import backfill.testing.TestingHistory.Event;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Others who insert, change and delete the same keys of a plan's sources and targets, in random
 * order and several in a transaction, while it runs; and what each of them did and when, by the
 * server's clock.
 */
final class TestingBusyWriters implements AutoCloseable {
  private static final int KEYS = 24;
  private static final int WRITERS = 3;
  private static final long SLACK_MICROS = 300_000;

  /** A deadlock, a lock or an answer that did not come: the transaction never was. */
  private static final Set<String> UNDONE = Set.of("40P01", "40001", "55P03", "23505", "23503");

  /** What happened to one side of a key, in order. */
  private record Step(long order, Event event) {}

  private final TestingFaultScene scene;
  private final TestingBusyKeys keys;
  private final Map<String, Optional<String>> first = new TreeMap<>();
  private final Map<String, List<Step>> steps = new ConcurrentHashMap<>();
  private final ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
  private final List<Future<Integer>> working = new ArrayList<>();
  private volatile boolean enough;

  TestingBusyWriters(TestingFaultScene scene, Random random) throws Exception {
    this.scene = scene;
    this.keys = TestingBusyKeys.of(scene.tables.plan());
    scene.database.execute("CREATE SEQUENCE busy_order");
    try (Connection connection = scene.database.connection();
        Statement statement = connection.createStatement()) {
      for (int key = 1; key <= KEYS; key++) {
        keys.prepare(scene, key);
        for (Side side : List.of(keys.target, keys.source)) {
          if (random.nextBoolean() && keys.inserts()) {
            statement.execute(side.put().formatted(key, any(random)));
          }
          first.put(name(side, key), value(statement, side, key));
        }
      }
    }
    for (int i = 0; i < WRITERS; i++) {
      working.add(writers.submit(writer(new Random(random.nextLong()))));
    }
  }

  private String any(Random random) {
    return keys.values.get(random.nextInt(keys.values.size()));
  }

  private String name(Side side, int key) {
    return (side == keys.target ? "target " : "source ") + key;
  }

  private Callable<Integer> writer(Random random) {
    return () -> {
      int done = 0;
      try (Connection connection = scene.database.connection();
          Statement statement = connection.createStatement()) {
        statement.execute("SET deadlock_timeout = '50 ms'; SET lock_timeout = '2 s'");
        connection.setAutoCommit(false);
        while (!enough) {
          done += transaction(connection, statement, random) ? 1 : 0;
          Thread.sleep(random.nextInt(12));
        }
      }
      return done;
    };
  }

  /** Up to three keys, in whatever order; false if the server undid it. */
  private boolean transaction(Connection connection, Statement statement, Random random)
      throws SQLException {
    Map<String, Step> mine = new TreeMap<>();
    long from = now(statement);
    try {
      for (int i = 1 + random.nextInt(3); i > 0; i--) {
        int key = 1 + random.nextInt(KEYS);
        Side side = random.nextInt(3) == 0 ? keys.source : keys.target;
        if (!mine.containsKey(name(side, key))) {
          mine.put(name(side, key), change(statement, side, key, random, from));
        }
      }
      connection.commit();
    } catch (SQLException e) {
      connection.rollback();
      if (!UNDONE.contains(e.getSQLState())) {
        throw e;
      }
      return false;
    }
    long until = now(statement);
    connection.rollback();
    mine.forEach(
        (name, step) -> {
          Event event = step.event();
          steps
              .computeIfAbsent(
                  name, any -> java.util.Collections.synchronizedList(new ArrayList<>()))
              .add(new Step(step.order(), new Event(from, until, event.saw(), event.left())));
        });
    return true;
  }

  /** Under a lock of the key, so that its transactions have one order. */
  private Step change(Statement statement, Side side, int key, Random random, long from)
      throws SQLException {
    statement.execute("SELECT pg_advisory_xact_lock(7316, " + key + ")");
    long order = number(statement, "SELECT nextval('busy_order')");
    Optional<String> saw = value(statement, side, key);
    if (random.nextInt(3) == 0) {
      statement.execute(side.delete().formatted(key));
    } else if (saw.isEmpty() || keys.values.size() > 1) {
      statement.execute(side.put().formatted(key, any(random)));
    }
    return new Step(order, new Event(from, from, saw, value(statement, side, key)));
  }

  /** Locked as a change would lock it, so that it stays what was seen. */
  private Optional<String> value(Statement statement, Side side, int key) throws SQLException {
    boolean locks = side == keys.target;
    String sql = side.get().formatted(key) + (locks ? " FOR UPDATE" : "");
    try (ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? Optional.ofNullable(row.getString(1)) : Optional.empty();
    }
  }

  private static long now(Statement statement) throws SQLException {
    return number(statement, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
  }

  private static long number(Statement statement, String sql) throws SQLException {
    try (ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** They stop; how many of their transactions were committed. */
  int stop() throws Exception {
    enough = true;
    int done = 0;
    for (Future<Integer> one : working) {
      done += one.get();
    }
    return done;
  }

  /** Each key has come to its end by the rules. */
  void assertAllowed(TestingRun run, String after) throws Exception {
    TestingHistory.Run seen = window(run);
    List<String> problems = new ArrayList<>();
    try (Connection connection = scene.database.connection();
        Statement statement = connection.createStatement()) {
      for (int key : IntStream.rangeClosed(1, KEYS).toArray()) {
        String target = name(keys.target, key);
        String source = name(keys.source, key);
        new TestingHistory(
                "key " + key,
                first.get(target),
                events(target),
                first.get(source),
                events(source),
                value(statement, keys.target, key))
            .problem(seen)
            .ifPresent(problems::add);
      }
    }
    assertThat(problems).as(after + ": " + seen).isEmpty();
  }

  private List<Event> events(String name) {
    return steps.getOrDefault(name, List.of()).stream()
        .sorted(java.util.Comparator.comparingLong(Step::order))
        .map(Step::event)
        .toList();
  }

  private TestingHistory.Run window(TestingRun run) {
    String at =
        run.report().path("databases").path("main").path("snapshots").path(0).path("at").asText();
    boolean finished = run.code() == 0 || run.code() == 7;
    if (at.isEmpty()) {
      long began = micros(run.report().path("startedAt").asText());
      long millis = run.report().path("durationMs").longValue();
      return new TestingHistory.Run(
          began, began + Duration.ofMillis(millis).toNanos() / 1000, finished, keys.goal());
    }
    return new TestingHistory.Run(
        micros(at) - SLACK_MICROS, micros(at) + SLACK_MICROS, finished, keys.goal());
  }

  private static long micros(String instant) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(instant));
  }

  @Override
  public void close() {
    enough = true;
    writers.shutdownNow();
  }
}
