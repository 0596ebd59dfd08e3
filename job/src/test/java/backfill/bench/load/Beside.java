package backfill.bench.load;

import java.util.ArrayList;
import java.util.List;

/** What goes on beside the application while it is measured. */
enum Beside {
  NOTHING("without a backfill"),

  /**
   * The job as it runs beside those who must not notice it. The probe waits for the disk, as a
   * COMMIT does; a batch is over before an insert that meets it has waited for long.
   */
  THROTTLED(
      "backfill run, throttled",
      "read.readers=1",
      "write.writers=1",
      "write.rows-per-batch=150",
      "throttle.rows-per-second=15000",
      "throttle.probe-latency=20 ms",
      "throttle.probe=SELECT pg_logical_emit_message(false, 'backfill', '', true)"),
  UNTHROTTLED("backfill run, throttle = off", "throttle=off"),
  INSERT("one sorted INSERT … SELECT");

  private final String title;
  private final List<String> settings;

  Beside(String title, String... settings) {
    this.title = title;
    this.settings = List.of(settings);
  }

  /** How the tables call it. */
  String title() {
    return title;
  }

  /** Of the job, as {@code --set} takes them. */
  List<String> settings() {
    return settings;
  }

  /**
   * Those as options, and what else the job is told, which comes before them where it sets the same
   * key.
   */
  List<String> options(List<String> asked) {
    List<String> options = new ArrayList<>(asked);
    for (String setting : settings) {
      String key = setting.substring(0, setting.indexOf('=') + 1);
      if (asked.stream().noneMatch(each -> each.startsWith(key))) {
        options.addAll(List.of("--set", setting));
      }
    }
    return options;
  }
}
