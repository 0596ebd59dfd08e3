package backfill.postgres.write;

/** How rows that are added travel. */
public enum WriteProtocol {
  /**
   * COPY straight into the table: the fastest, and whole or not at all. A batch that meets a key
   * that is there already, or a row that the server refuses, is undone and sent again by {@link
   * #UNNEST}.
   */
  COPY,
  /** One INSERT … ON CONFLICT DO NOTHING over an array for each column. */
  UNNEST
}
