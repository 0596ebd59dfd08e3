package backfill.run;

import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.write.WriterCount;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Asks the server how many may write, where the plan leaves that to it. */
public final class WriterChoice {
  private WriterChoice() {}

  /**
   * The plan with the number in it.
   *
   * @param say is told how many it will be, and why
   */
  public static Loaded in(Loaded loaded, NamedDatabases databases, Consumer<String> say) {
    int[] most =
        IntStream.concat(
                auto(loaded.plan().settings().write()).stream(),
                Step.fills(loaded.steps()).stream()
                    .flatMapToInt(step -> auto(step.write()).stream()))
            .distinct()
            .toArray();
    if (most.length == 0 || Step.fills(loaded.steps()).isEmpty()) {
      return loaded;
    }
    return WriterCount.of(
            databases.main(),
            "backfill " + loaded.plan().name() + " preflight",
            loaded.plan().settings().lockTimeout())
        .map(
            count -> {
              IntStream.of(most).forEach(each -> say.accept("preflight: " + count.sentence(each)));
              return loaded.written(count::chosen);
            })
        .orElse(loaded);
  }

  private static OptionalInt auto(Settings.Write write) {
    return write.parallel().auto();
  }
}
