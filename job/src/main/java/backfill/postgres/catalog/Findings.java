package backfill.postgres.catalog;

import backfill.plan.Step;
import backfill.postgres.server.NotReadyException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Collects what preflight has to say, so that all of it is said at once; the same sentence once.
 */
public final class Findings {
  /** How a reason names the step that it is about. */
  public static String place(Step step) {
    return "step " + step.name();
  }

  private final Set<String> reasons;
  private final Set<String> lacks;
  private final Set<String> warnings;
  private final Set<String> besides;
  private boolean readsOnly;
  private final LeastRole leastRole = new LeastRole();

  public Findings() {
    this(
        new LinkedHashSet<>(), new LinkedHashSet<>(), new LinkedHashSet<>(), new LinkedHashSet<>());
  }

  private Findings(
      Set<String> reasons, Set<String> lacks, Set<String> warnings, Set<String> besides) {
    this.reasons = reasons;
    this.lacks = lacks;
    this.warnings = warnings;
    this.besides = besides;
  }

  /** The same for another database, where a role needs rights of its own. */
  public Findings elsewhere() {
    return new Findings(reasons, lacks, warnings, besides);
  }

  /** Why the run cannot be. */
  public void refuse(String place, String reason) {
    reasons.add(place + ": " + reason);
  }

  /** A right that we lack: a reason like any other, which a GRANT does away with. */
  void lack(String place, String reason) {
    refuse(place, reason);
    lacks.add(place + ": " + reason);
  }

  /** From here on only reading is asked for: what writing lacks is told, and no reason. */
  public void readOnly() {
    readsOnly = true;
  }

  /** Whether nothing will be written. */
  public boolean isReadOnly() {
    return readsOnly;
  }

  /** Why nothing can be written; what only reads can be all the same. */
  public void refuseWriting(String place, String reason) {
    if (readsOnly) {
      besides.add(place + ": " + reason);
    } else {
      refuse(place, reason);
    }
  }

  /** A right that we lack for writing alone. */
  public void lackToWrite(String place, String reason) {
    if (readsOnly) {
      besides.add(place + ": " + reason);
    } else {
      lack(place, reason);
    }
  }

  /** Whether nothing but rights is amiss, so that every right that is needed was asked about. */
  public boolean onlyRightsLack() {
    return reasons.equals(lacks);
  }

  /** The rights that were asked about. */
  public LeastRole leastRole() {
    return leastRole;
  }

  /** What the run may stumble over. */
  public void warn(String place, String warning) {
    warnings.add(place + ": " + warning);
  }

  public void throwIfRefused() {
    if (!reasons.isEmpty()) {
      throw new NotReadyException(List.copyOf(reasons));
    }
  }

  public List<String> warnings() {
    List<String> all = new ArrayList<>(warnings);
    besides.forEach(reason -> all.add("a run would need besides: " + reason));
    return all;
  }

  public List<String> reasons() {
    return new ArrayList<>(reasons);
  }
}
