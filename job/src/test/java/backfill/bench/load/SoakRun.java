package backfill.bench.load;

import backfill.bench.BenchCase;
import backfill.bench.BenchCase.Part;
import backfill.bench.BenchServer;
import backfill.bench.Launch;
import backfill.bench.Machine;
import backfill.bench.load.Application.Load;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the job again and again in one process beside an application, and looks after each run at
 * what is left of it.
 */
final class SoakRun {
  private static final String DATABASE = "backfill_bench_soak";

  /** As it is set for tables of this size: a fifth of a million rows would be waited for. */
  private static final String VACUUM =
      "ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)";

  private final BenchServer server;
  private final Cores cores;
  private final String pinned;
  private final BenchCase bench;
  private final Launch launch;
  private final Load load;

  SoakRun(PinnedServer pinned, BenchCase bench, Launch launch, Load load) {
    this.server = pinned.server();
    this.cores = pinned.cores();
    this.pinned = pinned.text();
    this.bench = bench;
    this.launch = launch;
    this.load = load;
  }

  /**
   * The first run fills the tables, and is not looked at.
   *
   * @param command that speaks as {@link RerunOnDemand} does
   * @param environment of it, beside the database
   */
  SoakResult run(Duration lasts, List<String> command, Map<String, String> environment)
      throws SQLException, IOException, InterruptedException {
    Files.deleteIfExists(log());
    Map<String, String> all = new HashMap<>(environment);
    all.putAll(server.environment(part().prefix(), DATABASE));
    try {
      LoadRun.fill(server, part(), DATABASE);
      List<SoakSample> samples = new ArrayList<>();
      try (Connection connection = server.connect(DATABASE);
          Application application = Application.start(server, DATABASE, load);
          RepeatedJob job = RepeatedJob.start(cores.behindApplication(command), all, log())) {
        tune(connection);
        job.run();
        Instant began = Instant.now();
        while (Instant.now().isBefore(began.plus(lasts))) {
          samples.add(sample(connection, job, samples.size() + 1));
        }
        return result(application, began, samples);
      }
    } finally {
      server.drop(DATABASE);
    }
  }

  private static void tune(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(VACUUM.formatted("dojo_product_authorized_users"));
      statement.execute(VACUUM.formatted("dojo_product_type_authorized_users"));
    }
  }

  private static SoakSample sample(Connection connection, RepeatedJob job, int rerun)
      throws SQLException, IOException {
    long began = System.nanoTime();
    SoakSample.Job left = job.run();
    double seconds = (System.nanoTime() - began) / 1e9;
    SoakSample sample = SoakSample.of(connection, rerun, seconds, left);
    LoadRun.say("rerun " + sample);
    return sample;
  }

  private SoakResult result(Application application, Instant began, List<SoakSample> samples)
      throws IOException, InterruptedException {
    double minutes = Duration.between(began, Instant.now()).toMillis() / 60_000.0;
    long from = application.nanosAt(began);
    Latencies latencies = application.stop().due(due -> due >= from);
    return new SoakResult(
        bench.name(),
        Machine.name(),
        pinned,
        minutes,
        latencies.percentileMillis(0.99),
        latencies.failures(),
        samples);
  }

  private Part part() {
    return bench.parts().get(0);
  }

  private Path log() {
    return launch.directory().resolve("soak.log");
  }
}
