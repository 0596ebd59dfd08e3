package backfill.run;

import backfill.plan.Step;
import java.util.ArrayList;
import java.util.List;

/** The order of a run: steps that fill tables together, and each change by itself. */
final class Turns {
  private Turns() {}

  /** Each either one change, or all fills that follow each other. */
  static List<List<Step>> of(List<Step> steps) {
    List<List<Step>> turns = new ArrayList<>();
    Step before = null;
    for (Step step : steps) {
      if (step instanceof Step.Change || !(before instanceof Step.Fill)) {
        turns.add(new ArrayList<>());
      }
      turns.get(turns.size() - 1).add(step);
      before = step;
    }
    return turns;
  }
}
