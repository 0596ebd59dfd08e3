package backfill.spark;

/** What keys identify: within one of these, equal keys are one thing. */
enum KeySpace {
  OBJECTS,
  GROUPS,
  USERS
}
