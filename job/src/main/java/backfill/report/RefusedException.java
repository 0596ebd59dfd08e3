package backfill.report;

import backfill.plan.Step;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** A guard refused what a run was about to write (exit 5). */
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<Refusal> refusals;

  /**
   * @param refusals at least one
   * @param written what earlier steps of this run wrote, in words; empty for nothing
   */
  public RefusedException(List<Refusal> refusals, List<String> written) {
    super(
        refusals.stream().map(Refusal::sentence).collect(Collectors.joining("; "))
            + ". "
            + (written.isEmpty()
                ? "Nothing was written"
                : "Written before: " + String.join(", ", written))
            + refusals.stream()
                .map(Refusal::cure)
                .filter(Objects::nonNull)
                .distinct()
                .map(cure -> ". " + cure)
                .collect(Collectors.joining()));
    this.refusals = refusals;
  }

  /** The steps that must not write, where it is not all of them. */
  public List<Step> steps() {
    return refusals.stream().map(Refusal::step).filter(Objects::nonNull).distinct().toList();
  }
}
