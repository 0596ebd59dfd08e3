package backfill.run;

import backfill.plan.Step;
import backfill.postgres.change.LastRuns;
import backfill.report.Sentences;
import backfill.report.StepReport;
import backfill.spark.read.LeftOut;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** Sources that a step's last run read rows of, and that give none now. */
final class EmptiedSources {
  private EmptiedSources() {}

  /** Each in words that go on after a conjunction. */
  static List<String> of(StepReport report, Optional<LastRuns.Left> left) {
    List<String> emptied = new ArrayList<>();
    report
        .read()
        .rows()
        .forEach(
            (source, rows) -> {
              OptionalLong before =
                  left.map(run -> run.read(source)).orElseGet(OptionalLong::empty);
              if (rows != null && rows == 0 && before.orElse(0) > 0) {
                emptied.add(
                    "source %s, of which %s read %s, gives none now%s"
                        .formatted(
                            source,
                            left.get(),
                            Sentences.rows(before.getAsLong()),
                            leftOut(report.read().leftOut().get(source))));
              }
            });
    return emptied;
  }

  private static String leftOut(LeftOut left) {
    return left == null || left.where() == null || left.where() == 0
        ? ""
        : String.format(
            Locale.ROOT,
            " (its where leaves out all %s of its table)",
            Sentences.rows(left.where()));
  }

  /** What a source leaves out, in words; empty where it is nothing, or was not counted. */
  static Optional<String> sentence(String source, LeftOut left) {
    List<String> parts = new ArrayList<>();
    if (left.where() != null && left.where() > 0) {
      parts.add("its where leaves out " + Sentences.rows(left.where()));
    }
    if (left.nullKeys() != null && left.nullKeys() > 0) {
      parts.add(
          Sentences.rows(left.nullKeys())
              + (left.nullKeys() == 1 ? " has a key that is NULL" : " have a key that is NULL")
              + ", and grants nothing");
    }
    return parts.isEmpty()
        ? Optional.empty()
        : Optional.of("read " + source + ": " + String.join("; ", parts));
  }

  /** Says what the sources of a step lost, where nothing is deleted for it. */
  static void warn(RunScope run, Step.Fill step, Optional<LastRuns.Left> left) {
    of(run.reportOf(step).now(), left)
        .forEach(source -> run.warnOnce("step " + step.name() + ": " + source));
  }
}
