package backfill.plan;

/** How rows that are added travel. */
public enum Protocol {
  /** By COPY, unless something about the target forbids it. */
  AUTO,
  /** By COPY, or not at all. */
  COPY,
  /** As arrays. */
  UNNEST
}
