package backfill.bench.load;

/** What goes on beside the application while it is measured. */
enum Beside {
  NOTHING("without a backfill"),
  THROTTLED("backfill run"),
  UNTHROTTLED("backfill run, throttle = off"),
  INSERT("one sorted INSERT … SELECT");

  private final String title;

  Beside(String title) {
    this.title = title;
  }

  /** How the tables call it. */
  String title() {
    return title;
  }
}
