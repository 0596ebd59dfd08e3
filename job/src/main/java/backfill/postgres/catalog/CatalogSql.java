package backfill.postgres.catalog;

/** What several queries of the system catalogs have in common; each begins in a line of its own. */
public final class CatalogSql {
  private CatalogSql() {}

  /** Begins a query: {@code tree} has the oids of a table, its partitions and inheritors. */
  public static String tree(String root) {
    return """

        WITH RECURSIVE tree AS (
          SELECT %s AS oid
          UNION
          SELECT child.inhrelid FROM pg_catalog.pg_inherits child JOIN tree ON child.inhparent = tree.oid)
        """
        .formatted(root);
  }

  /** The same with {@code depth}, 0 for the table; one with several parents may be there twice. */
  static String treeWithDepth(String root) {
    return """

        WITH RECURSIVE tree AS (
          SELECT %s AS oid, 0 AS depth
          UNION
          SELECT child.inhrelid, depth + 1
          FROM pg_catalog.pg_inherits child JOIN tree ON child.inhparent = tree.oid)
        """
        .formatted(root);
  }

  /** The names of columns, as an array in the order of their numbers in another one. */
  public static String columns(String numbers, String relation) {
    return """

        ARRAY(SELECT a.attname::pg_catalog.text
              FROM pg_catalog.unnest(%s) WITH ORDINALITY AS k(attnum, place)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = %s AND a.attnum = k.attnum
              ORDER BY k.place)"""
        .formatted(numbers, relation);
  }
}
