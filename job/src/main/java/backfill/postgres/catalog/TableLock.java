package backfill.postgres.catalog;

import backfill.postgres.server.TableName;

/**
 * The locks on whole tables that our statements take, and whom they keep waiting.
 *
 * @see <a href="https://www.postgresql.org/docs/current/explicit-locking.html">Explicit locking,
 *     13.3.1</a>
 */
public enum TableLock {
  /** Of a session that reads. */
  ACCESS_SHARE("most forms of ALTER TABLE, TRUNCATE, VACUUM FULL and DROP"),
  /** Of a session that locks rows, as a foreign key does with those that it refers to. */
  ROW_SHARE("most forms of ALTER TABLE, TRUNCATE, VACUUM FULL and DROP"),
  /** Of a session that writes. */
  ROW_EXCLUSIVE(
      "CREATE INDEX unless CONCURRENTLY, CREATE TRIGGER, most forms of ALTER TABLE, TRUNCATE, VACUUM FULL and DROP"),
  /** Of who builds or drops an index CONCURRENTLY, or validates a constraint. */
  SHARE_UPDATE_EXCLUSIVE(
      "ALTER TABLE, CREATE INDEX, VACUUM, TRUNCATE and DROP, and nobody who reads or writes"),
  /** Of who builds an index. */
  SHARE("INSERT, UPDATE and DELETE, and everything that changes the table"),
  /** Of who changes the table itself. */
  ACCESS_EXCLUSIVE("everybody, SELECT included");

  private final String blocked;

  TableLock(String blocked) {
    this.blocked = blocked;
  }

  /**
   * The lock on one table, in words.
   *
   * @param until when it is let go
   */
  public String on(Table table, String until) {
    return words(table.name(), table.kind() == 'p' ? " and its partitions" : "", blocked, until);
  }

  public String on(TableName table, String until) {
    return words(table, "", blocked, until);
  }

  /** On a sequence little can be done that waits for us. */
  public String onSequence(TableName sequence, String until) {
    return words(sequence, "", "ALTER SEQUENCE", until);
  }

  private String words(TableName name, String more, String what, String until) {
    return "%s on %s.%s%s: blocks %s until %s"
        .formatted(name().replace('_', ' '), name.schema(), name.name(), more, what, until);
  }
}
