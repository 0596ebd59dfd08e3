package backfill.postgres.server;

/** A right, as a GRANT has it. */
public enum Privilege {
  SELECT,
  INSERT,
  UPDATE,
  DELETE,
  USAGE
}
