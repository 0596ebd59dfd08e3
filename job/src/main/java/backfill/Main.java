package backfill;

import backfill.cli.CommandLineJob;
import backfill.report.Stopping;

/** Arguments in, exit code out. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    System.exit(
        CommandLineJob.run(
            Stopping.bySignals(), System.getenv(), System.out, System.err, arguments));
  }
}
