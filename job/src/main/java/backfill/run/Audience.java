package backfill.run;

import backfill.report.RunListener;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Those that are told how a run goes: none of them may end it. Used by the run's own thread. */
final class Audience {
  private final List<RunListener> listeners = new ArrayList<>();
  private final Consumer<String> warnOnce;

  Audience(Consumer<String> warnOnce) {
    this.warnOnce = warnOnce;
  }

  void add(RunListener listener) {
    listeners.add(listener);
  }

  void tell(Consumer<RunListener> said) {
    for (RunListener listener : listeners) {
      try {
        said.accept(listener);
      } catch (RuntimeException | LinkageError e) {
        warnOnce.accept(
            // Its message may have an address, or a header that holds a secret.
            "%s failed, and the run goes on without: %s"
                .formatted(listener, e.getClass().getSimpleName()));
      }
    }
  }
}
