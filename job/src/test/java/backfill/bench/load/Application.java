package backfill.bench.load;

import backfill.bench.BenchServer;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * An application that is in use while others work on its tables: clients that share one queue of
 * transactions, as a pool of connections does, each a thread with a connection of its own. It runs
 * from its start to its stop.
 */
final class Application implements AutoCloseable {
  /** How the server knows its sessions. */
  static final String NAME = "application under load";

  /**
   * It gives up on a lock after 2 s. Its statements are prepared once and planned each time, as an
   * ORM's are planned: a plan kept from when a table was empty would read the whole of it later.
   */
  private static final Map<String, String> SESSION =
      Map.of(
          "ApplicationName",
          NAME,
          "options",
          "-c lock_timeout=2s -c plan_cache_mode=force_custom_plan");

  /** How long before a transaction is due a client stops to sleep, whose wake-up is late. */
  private static final long AWAKE_NANOS = 100_000;

  private final Arrivals arrivals;
  private final List<Client> clients = new ArrayList<>();
  private final long beganNanos = System.nanoTime();
  private final Instant began = Instant.now();
  private volatile long stoppedNanos = Long.MAX_VALUE;
  private volatile boolean abandoned;

  private Application(Load load) {
    arrivals = new Arrivals(load.perSecond(), load.seed());
  }

  /**
   * How much of it there is.
   *
   * @param perSecond transactions on the average, or 0 for as many as the server can do
   * @param clients connections, and transactions at the same time
   */
  record Load(double perSecond, int clients, long seed) {
    Load {
      if (!(perSecond >= 0) || clients < 1) {
        throw new IllegalArgumentException(
            "expected a rate of at least 0 and a client at least, got "
                + perSecond
                + " and "
                + clients);
      }
    }

    Load perSecond(double other) {
      return new Load(other, clients, seed);
    }
  }

  static Application start(BenchServer server, String database, Load load) throws SQLException {
    Application application = new Application(load);
    SplittableRandom random = new SplittableRandom(load.seed());
    try {
      for (int i = 0; i < load.clients(); i++) {
        application.clients.add(
            application
            .new Client(new UserActions(server.connect(database, SESSION), random.split())));
      }
    } catch (SQLException e) {
      application.clients.forEach(client -> client.closeAfter(e));
      throw e;
    }
    application.clients.forEach(Thread::start);
    return application;
  }

  /** Ends it once all that is due by now has been answered, and tells of all. */
  Latencies stop() throws InterruptedException {
    stoppedNanos = now();
    Latencies all = new Latencies();
    for (Client client : clients) {
      client.join();
      if (client.broken != null) {
        throw new IllegalStateException("a client of the application broke", client.broken);
      }
      all.addAll(client.latencies);
    }
    return all;
  }

  /** A moment on the clock of its latencies. */
  long nanosAt(Instant moment) {
    return Duration.between(began, moment).toNanos();
  }

  /** When such a second of its clock began. */
  Instant momentAt(long second) {
    return began.plusSeconds(second);
  }

  private long now() {
    return System.nanoTime() - beganNanos;
  }

  /** Ends it without waiting: each client closes its connection after its transaction. */
  @Override
  public void close() {
    abandoned = true;
  }

  private final class Client extends Thread {
    private final UserActions actions;
    private final Latencies latencies = new Latencies();
    private RuntimeException broken;

    Client(UserActions actions) {
      super("application-client");
      this.actions = actions;
    }

    @Override
    public void run() {
      try (actions) {
        long due = arrivals.next(now());
        while (await(due)) {
          take(due);
          due = arrivals.next(now());
        }
      } catch (SQLException e) {
        broken = new IllegalStateException("cannot close a client's connection", e);
      } catch (RuntimeException e) {
        broken = e;
      }
    }

    private void take(long due) {
      try {
        actions.next();
        latencies.add(due, now());
      } catch (SQLException e) {
        latencies.addFailure(String.valueOf(e.getSQLState()));
      }
    }

    /** What is due after the stop is not sent any more; what was due before it still is. */
    private boolean await(long due) {
      for (long left = due - now(); left > 0 && isSent(due); left = due - now()) {
        if (left > AWAKE_NANOS) {
          LockSupport.parkNanos(Math.min(left - AWAKE_NANOS, 100_000_000));
        } else {
          Thread.onSpinWait();
        }
      }
      return isSent(due);
    }

    private boolean isSent(long due) {
      return !abandoned && due < stoppedNanos;
    }

    void closeAfter(SQLException cause) {
      try {
        actions.close();
      } catch (SQLException e) {
        cause.addSuppressed(e);
      }
    }
  }
}
