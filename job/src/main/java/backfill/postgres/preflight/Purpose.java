package backfill.postgres.preflight;

/** What the servers are asked for. */
public enum Purpose {
  /** To read what a run would do. */
  PLAN,
  /** To read what is there. */
  VERIFY,
  /** To write. */
  RUN
}
