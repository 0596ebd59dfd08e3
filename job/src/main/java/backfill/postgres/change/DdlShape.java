package backfill.postgres.change;

import java.util.List;
import java.util.Optional;

/**
 * What a {@code ddl} statement does, as far as its words say; names are in their parts, the schema
 * first where it is given.
 */
public sealed interface DdlShape {

  /**
   * {@code CREATE INDEX}.
   *
   * @param name empty where the server is to find one
   * @param method of access, as in btree
   * @param include columns that only ride along
   * @param where the condition of a partial index
   */
  record CreateIndex(
      Optional<List<String>> name,
      boolean unique,
      boolean concurrently,
      List<String> table,
      String method,
      List<Element> elements,
      List<String> include,
      Optional<String> where)
      implements DdlShape {}

  /**
   * One part of an index's key.
   *
   * @param column its name; empty for an expression
   * @param expression as it is written
   * @param operators whether an operator class is named
   */
  record Element(Optional<String> column, String expression, boolean operators) {}

  /**
   * {@code CREATE TABLE} and the like.
   *
   * @param kind as the catalog's letters have it
   * @param query behind AS; empty where there is none
   */
  record CreateRelation(char kind, List<String> name, Optional<String> query) implements DdlShape {}

  /** {@code ALTER TABLE}. */
  record AlterTable(List<String> table, boolean only, List<AddColumn> adds, List<DropColumn> drops)
      implements DdlShape {}

  /**
   * @param definition what stands behind the name: the type first
   */
  record AddColumn(String name, String definition) {}

  /** One column that goes. */
  record DropColumn(String name) {}

  /**
   * {@code DROP TABLE} and the like.
   *
   * @param kind as the catalog's letters have it
   */
  record DropRelation(char kind, boolean concurrently, List<List<String>> names)
      implements DdlShape {}

  /** Anything else. */
  record Unread() implements DdlShape {}
}
