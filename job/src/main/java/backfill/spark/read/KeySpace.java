package backfill.spark.read;

/** What keys identify: within one of these, equal keys are one thing. */
public enum KeySpace {
  OBJECTS,
  GROUPS,
  USERS
}
