package backfill.postgres.undo;

import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.ledger.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What of a plan could not be taken back, told before it is carried out. */
public final class Undoable {
  private Undoable() {}

  /** Why what a step writes could not all be taken back; empty if it could. */
  public static Optional<String> cannot(Step step, Settings settings) {
    if (step instanceof Step.Ddl) {
      return Optional.of("it changes definitions");
    }
    if (step instanceof Step.InPlace) {
      return Optional.of("it changes rows where they are, and no keys of them are kept");
    }
    if (!settings.ledger().on() || !settings.ledger().keys()) {
      return Optional.of(
          "no keys are kept with ledger" + (settings.ledger().on() ? ".keys" : "") + " = off");
    }
    List<String> lost = new ArrayList<>();
    if (step instanceof Step.Fill fill && Operation.sets(fill)) {
      lost.add("sets");
    }
    if (step.deletes()) {
      lost.add("deletes");
    }
    return settings.undo() || lost.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "what the rows held that it %s is kept with undo = on only"
                .formatted(String.join(" or ", lost)));
  }
}
