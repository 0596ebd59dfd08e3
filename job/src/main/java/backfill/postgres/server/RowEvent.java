package backfill.postgres.server;

/** What happens to a row, as a trigger, a rule and a publication have it. */
public enum RowEvent {
  INSERT,
  UPDATE,
  DELETE
}
