package backfill.postgres.preflight.ddl;

import backfill.plan.Nearest;
import backfill.postgres.catalog.Catalog;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.DdlShape.CreateIndex;
import backfill.postgres.change.DdlShape.Element;
import backfill.postgres.change.Explained;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlWords;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whether an index can be built when its step's turn comes, as far as the catalog tells. */
final class IndexCheck {
  private static final String METHOD =
      """
      SELECT pg_catalog.pg_indexam_has_property(m.oid, 'can_unique') AS can_unique,
             pg_catalog.pg_indexam_has_property(m.oid, 'can_multi_col') AS can_multi_col,
             pg_catalog.pg_indexam_has_property(m.oid, 'can_include') AS can_include
      FROM pg_catalog.pg_am m WHERE m.amtype = 'i' AND m.amname = ?""";

  /** As the server looks for one: of the type itself, or of one that it is taken for. */
  private static final String OPERATORS =
      """
      WITH RECURSIVE base AS (
        SELECT t.oid, t.typtype, t.typbasetype, t.typcategory
        FROM pg_catalog.pg_type t WHERE t.oid = pg_catalog.to_regtype(?)
        UNION ALL
        SELECT t.oid, t.typtype, t.typbasetype, t.typcategory
        FROM base JOIN pg_catalog.pg_type t ON base.typtype = 'd' AND t.oid = base.typbasetype)
      SELECT EXISTS (
        SELECT FROM base JOIN pg_catalog.pg_opclass o ON o.opcdefault
          JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod AND m.amname = ?
          JOIN pg_catalog.pg_type i ON i.oid = o.opcintype
        WHERE o.opcintype = base.oid
           OR EXISTS (SELECT FROM pg_catalog.pg_cast k
                      WHERE k.castsource = base.oid AND k.casttarget = o.opcintype AND k.castmethod = 'b')
           OR base.typcategory = 'A' AND i.typname = 'anyarray'
           OR base.typtype = CASE i.typname WHEN 'anyenum' THEN 'e' WHEN 'anyrange' THEN 'r'
                               WHEN 'anymultirange' THEN 'm' WHEN 'record' THEN 'c' END)""";

  private static final String PARTITION_KEY =
      """
      SELECT ARRAY(SELECT a.attname::pg_catalog.text
                   FROM pg_catalog.unnest(p.partattrs::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, place)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = k.attnum
                   ORDER BY k.place) AS columns, p.partexprs IS NOT NULL AS expressions
      FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = ?::pg_catalog.oid""";

  private static final String VOLATILE =
      """
      SELECT pg_catalog.bool_and(p.provolatile <> 'i') FROM pg_catalog.pg_proc p
      WHERE p.proname = ? AND pg_catalog.pg_function_is_visible(p.oid)""";

  private final Inquiry inquiry;
  private final Findings findings;

  IndexCheck(Inquiry inquiry, Findings findings) {
    this.inquiry = inquiry;
    this.findings = findings;
  }

  void check(DdlLook look, CreateIndex index) throws SQLException {
    Table table = look.table();
    if (!table.isTable() && table.kind() != 'm') {
      refuse(look, "%s is %s, which has no index".formatted(table.name(), table.kindInWords()));
      return;
    }
    if (table.kind() == 'p') {
      partitioned(look, index);
    }
    if (method(look, index)) {
      for (Element element : index.elements()) {
        element(look, index, element);
      }
    }
    index.include().forEach(column -> has(look, column));
    if (index.where().isPresent()) {
      explained(look, "its WHERE", index.where().get());
    }
  }

  private void refuse(DdlLook look, String reason) {
    findings.refuse(look.place(), reason);
  }

  private void partitioned(DdlLook look, CreateIndex index) throws SQLException {
    Table table = look.table();
    if (index.concurrently()) {
      refuse(
          look,
          ("%s is partitioned, and no index is built CONCURRENTLY on all of it; leave CONCURRENTLY out, or make the"
                  + " index ON ONLY %s, one CONCURRENTLY on each partition, and attach them")
              .formatted(table.name(), table.name().quoted()));
    }
    if (!index.unique()) {
      return;
    }
    List<String> columns = new ArrayList<>();
    index.elements().forEach(element -> element.column().ifPresent(columns::add));
    inquiry
        .rows(
            PARTITION_KEY,
            row ->
                row.getBoolean("expressions")
                    ? Optional.<List<String>>empty()
                    : Optional.of(Catalog.texts(row.getArray("columns"))),
            table.oid())
        .stream()
        .filter(key -> key.isEmpty() || !columns.containsAll(key.get()))
        .forEach(
            key ->
                refuse(
                    look,
                    "a unique index of %s, which is partitioned, must have every column that it is partitioned by%s"
                        .formatted(
                            table.name(),
                            key.map(all -> " (" + String.join(", ", all) + ")")
                                .orElse(", and no expression"))));
  }

  private boolean method(DdlLook look, CreateIndex index) throws SQLException {
    record Method(boolean unique, boolean several, boolean include) {}
    Optional<Method> method =
        inquiry
            .rows(
                METHOD,
                row ->
                    new Method(
                        row.getBoolean("can_unique"),
                        row.getBoolean("can_multi_col"),
                        row.getBoolean("can_include")),
                index.method())
            .stream()
            .findFirst();
    if (method.isEmpty()) {
      if (look.texts().size() == 1) {
        refuse(look, "the server has no access method " + index.method());
      }
      return false;
    }
    String lacks =
        index.unique() && !method.get().unique()
            ? "unique indexes"
            : index.elements().size() > 1 && !method.get().several()
                ? "indexes of several columns"
                : !index.include().isEmpty() && !method.get().include() ? "INCLUDE columns" : null;
    if (lacks != null) {
      refuse(look, "access method %s has no %s".formatted(index.method(), lacks));
    }
    return lacks == null;
  }

  private void element(DdlLook look, CreateIndex index, Element element) throws SQLException {
    if (element.column().isEmpty()) {
      explained(look, "its expression", element.expression());
      for (SqlWords.Word word : SqlWords.of(element.expression()).all()) {
        if (word.isName()
            && Boolean.TRUE.equals(
                inquiry.one(VOLATILE, row -> (Boolean) row.getObject(1), word.text()))
            && !look.pending().columns().contains(word.text())) {
          refuse(
              look,
              "an index takes only what is IMMUTABLE, and %s() in `%s` is not"
                  .formatted(word.text(), element.expression()));
        }
      }
    } else if (has(look, element.column().get()) && !element.operators()) {
      String type = look.pending().type(element.column().get());
      boolean ordered = inquiry.one(OPERATORS, row -> row.getBoolean(1), type, index.method());
      if (!ordered && look.pending().askable()) {
        refuse(
            look,
            "%s.%s is %s, for which access method %s has no operator class by itself; name one, or another method"
                .formatted(look.table().name(), element.column().get(), type, index.method()));
      }
    }
  }

  private boolean has(DdlLook look, String column) {
    if (look.pending().columns().contains(column)) {
      return true;
    }
    refuse(
        look,
        "%s has no column %s to be indexed, and no step before this one makes it%s"
            .formatted(
                look.table().name(),
                TableName.quote(column),
                Nearest.hint(column, look.pending().columns())));
    return false;
  }

  private void explained(DdlLook look, String what, String expression) throws SQLException {
    if (look.pending().askable()) {
      new Explained(inquiry, findings)
          .ask(
              look.place(),
              what,
              look.step(),
              look.scope(),
              "EXPLAIN SELECT (" + expression + "\n) FROM " + look.pending().from());
    }
  }
}
