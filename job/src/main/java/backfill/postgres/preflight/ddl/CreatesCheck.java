package backfill.postgres.preflight.ddl;

import backfill.postgres.catalog.Catalog;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.DdlShape;
import backfill.postgres.change.DdlShape.AlterTable;
import backfill.postgres.change.DdlShape.CreateIndex;
import backfill.postgres.change.DdlShape.CreateRelation;
import backfill.postgres.change.DdlText;
import backfill.postgres.change.Explained;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlWords;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Whether a step's statement makes what the step is about, and whether what is there already by
 * that name is the same.
 */
final class CreatesCheck {
  private static final String KIND =
      """
      SELECT c.relkind::pg_catalog.text,
             coalesce((SELECT x.indisunique FROM pg_catalog.pg_index x WHERE x.indexrelid = c.oid), false) AS is_unique,
             ARRAY(SELECT a.attname::pg_catalog.text
                   FROM pg_catalog.pg_index x
                   CROSS JOIN LATERAL pg_catalog.unnest(x.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, place)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
                   WHERE x.indexrelid = c.oid AND k.place <= x.indnkeyatts ORDER BY k.place) AS columns,
             (SELECT x.indrelid::pg_catalog.regclass::pg_catalog.text
              FROM pg_catalog.pg_index x WHERE x.indexrelid = c.oid) AS of_table,
             (SELECT x.indrelid = pg_catalog.to_regclass(?)
              FROM pg_catalog.pg_index x WHERE x.indexrelid = c.oid) AS same_table
      FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass(?)""";

  private final Inquiry inquiry;
  private final Findings findings;

  CreatesCheck(Inquiry inquiry, Findings findings) {
    this.inquiry = inquiry;
    this.findings = findings;
  }

  void check(DdlLook look) throws SQLException {
    DdlShape shape = look.text().shape();
    if (shape instanceof CreateIndex index) {
      if (isNamed(look, index.name(), "index") && look.isThere()) {
        sameIndex(look, index);
      } else if (!look.isThere() && look.table() != null) {
        new IndexCheck(inquiry, findings).check(look, index);
      }
    } else if (shape instanceof CreateRelation relation) {
      if (isNamed(look, Optional.of(relation.name()), "relation") && look.isThere()) {
        sameKind(look, relation);
      } else if (relation.query().isPresent() && look.texts().size() == 1) {
        // Behind other changes of the schema it may name what they make.
        new Explained(inquiry, findings)
            .ask(
                look.place(),
                "its query",
                look.step(),
                look.scope(),
                "EXPLAIN "
                    + SqlWords.withoutEnd(
                        SqlWords.withoutEnd(relation.query().get(), "with", "data"),
                        "with",
                        "no",
                        "data"));
      }
    } else if (shape instanceof AlterTable alter && look.object().column().isPresent()) {
      column(look, alter);
    }
  }

  private void column(DdlLook look, AlterTable alter) throws SQLException {
    String column = look.object().column().orElseThrow();
    if (!look.means(alter.table())) {
      findings.refuse(
          look.place(),
          "its statement alters %s, and the step is about %s"
              .formatted(String.join(".", alter.table()), look.object()));
    } else if (!alter.adds().isEmpty()
        && alter.adds().stream().noneMatch(add -> add.name().equals(column))) {
      findings.refuse(
          look.place(),
          "its statement adds column %s, and the step is about %s"
              .formatted(
                  alter.adds().stream()
                      .map(DdlShape.AddColumn::name)
                      .collect(Collectors.joining(", ")),
                  look.object()));
    } else if (look.table() != null) {
      new ColumnCheck(inquiry, findings).check(look, alter, column);
    }
  }

  /** What a step makes must be what it looks for: it would be made, and then missed. */
  private boolean isNamed(DdlLook look, Optional<List<String>> name, String what) {
    if (look.object().column().isPresent() || name.isPresent() && look.means(name.get())) {
      return true;
    }
    findings.refuse(
        look.place(),
        "its statement makes %s, and the step is about %s; give both one name"
            .formatted(
                name.map(parts -> what + " " + String.join(".", parts))
                    .orElse("an " + what + " without a name"),
                look.object()));
    return false;
  }

  private record There(
      String kind, boolean unique, List<String> columns, String table, boolean sameTable) {}

  private There there(DdlLook look, String table) throws SQLException {
    return inquiry.one(
        KIND,
        row ->
            new There(
                row.getString("relkind"),
                row.getBoolean("is_unique"),
                Catalog.texts(row.getArray("columns")),
                row.getString("of_table"),
                row.getBoolean("same_table")),
        table,
        look.object().quotedRelation());
  }

  private void sameIndex(DdlLook look, CreateIndex index) throws SQLException {
    There there = there(look, DdlText.quoted(index.table()));
    List<String> columns =
        index.elements().stream().flatMap(element -> element.column().stream()).toList();
    String is = null;
    if (there.table() == null) {
      is = "no index";
    } else if (!there.sameTable()) {
      is = "an index of " + there.table();
    } else if (there.unique() != index.unique()) {
      is = there.unique() ? "a unique index" : "an index that is not unique";
    } else if (columns.size() == index.elements().size() && !columns.equals(there.columns())) {
      is = "an index on (" + String.join(", ", there.columns()) + ")";
    }
    if (is != null) {
      findings.refuse(
          look.place(),
          "%s is there already and is %s, not what its statement makes; give the new one another name, or drop the other"
              .formatted(look.object(), is));
    }
  }

  private void sameKind(DdlLook look, CreateRelation relation) throws SQLException {
    There there = there(look, look.object().quotedRelation());
    String kind = there.kind().equals("p") ? "r" : there.kind();
    if (!kind.equals(String.valueOf(relation.kind()))) {
      findings.refuse(
          look.place(),
          "%s is there already and is %s, not %s as its statement makes"
              .formatted(
                  look.object(),
                  Table.kindInWords(there.kind().charAt(0)),
                  Table.kindInWords(relation.kind())));
    }
  }
}
