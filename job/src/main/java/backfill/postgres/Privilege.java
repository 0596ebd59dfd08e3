package backfill.postgres;

/** A right, as a GRANT has it. */
enum Privilege {
  SELECT,
  INSERT,
  UPDATE,
  DELETE,
  USAGE
}
