package backfill.postgres.preflight.ddl;

import backfill.postgres.catalog.CatalogSql;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.AddedColumn;
import backfill.postgres.change.DdlShape.AlterTable;
import backfill.postgres.change.DdlText;
import backfill.postgres.change.Explained;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.server.SqlWords;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;

/** Whether a column can be added when its step's turn comes, as far as the catalog tells. */
final class ColumnCheck {
  private static final Set<String> SYSTEM =
      Set.of("tableoid", "cmax", "xmax", "cmin", "xmin", "ctid");
  private static final String[] NEXT_CLAUSE = {
    "not",
    "null",
    "check",
    "unique",
    "primary",
    "references",
    "constraint",
    "collate",
    "generated",
    "storage",
    "compression",
    "deferrable",
    "initially"
  };

  private static final String TABLE =
      """
      SELECT r.relispartition, r.reloftype <> 0 AS typed,
             EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = r.oid) AS has_children
      FROM pg_catalog.pg_class r WHERE r.oid = ?::pg_catalog.oid""";

  private static final String OTHERWISE_IN_CHILD =
      CatalogSql.tree("?::pg_catalog.oid")
          + """
      SELECT a.attrelid::pg_catalog.regclass::pg_catalog.text AS child,
             pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
      FROM tree JOIN pg_catalog.pg_attribute a ON a.attrelid = tree.oid
      WHERE a.attname = ? AND a.attnum > 0 AND NOT a.attisdropped
        AND a.atttypid <> pg_catalog.to_regtype(?) LIMIT 1""";

  private static final String REQUIRED_BY_TYPE =
      """
      WITH RECURSIVE base AS (
        SELECT t.oid, t.typnotnull, t.typbasetype FROM pg_catalog.pg_type t WHERE t.oid = pg_catalog.to_regtype(?)
        UNION ALL
        SELECT t.oid, t.typnotnull, t.typbasetype
        FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype)
      SELECT coalesce(pg_catalog.bool_or(base.typnotnull), false) FROM base""";

  private final Inquiry inquiry;
  private final Findings findings;

  ColumnCheck(Inquiry inquiry, Findings findings) {
    this.inquiry = inquiry;
    this.findings = findings;
  }

  void check(DdlLook look, AlterTable alter, String column) throws SQLException {
    String definition = look.text().definitionOf(column).orElse("");
    if (definition.isEmpty()) {
      return; // it comes by another way than ADD COLUMN, as a new name of another
    }
    AddedColumn added = AddedColumn.of(inquiry, definition);
    if (added.type().isEmpty()) {
      type(look, column, definition);
    } else if (look.isThere()) {
      same(look, column, added);
    } else {
      otherwiseInChild(look, column, added);
    }
    if (!look.isThere()) {
      place(look, alter, column);
      expressions(look, added, definition);
    }
  }

  private void refuse(DdlLook look, String reason) {
    findings.refuse(look.place(), reason);
  }

  private void type(DdlLook look, String column, String definition) {
    boolean made =
        look.texts().stream()
            .limit(look.texts().size() - 1L)
            .anyMatch(text -> text.mentions(SqlWords.of(definition).next().text()));
    if (!made) {
      refuse(
          look,
          "the server knows no type at the beginning of `%s`, which is to define column %s"
              .formatted(SqlFailure.oneLine(definition), TableName.quote(column)));
    }
  }

  /** What is there is not made again, so it must be what later steps rely on. */
  private void same(DdlLook look, String column, AddedColumn added) throws SQLException {
    Column there = look.table().column(column).orElseThrow();
    boolean sameType =
        inquiry.one(
            "SELECT pg_catalog.to_regtype(?) = pg_catalog.to_regtype(?)",
            row -> row.getBoolean(1),
            there.type(),
            added.type().get());
    if (!sameType) {
      refuse(
          look,
          "column %s is there already and is %s, where its statement makes it %s; drop that one, or change its type"
              .formatted(look.object(), there.type(), added.type().get()));
    } else if (added.generated() != there.generated()) {
      refuse(
          look,
          "column %s is there already and is %s, where its statement makes it %s"
              .formatted(
                  look.object(),
                  there.generated() ? "generated" : "not generated",
                  added.generated() ? "a generated one" : "one that is not"));
    }
  }

  private void otherwiseInChild(DdlLook look, String column, AddedColumn added)
      throws SQLException {
    inquiry
        .rows(
            OTHERWISE_IN_CHILD,
            row -> row.getString("child") + " has it as " + row.getString("type"),
            look.table().oid(),
            column,
            added.type().get())
        .forEach(
            child ->
                refuse(
                    look,
                    "column %s cannot be added as %s: %s already"
                        .formatted(look.object(), added.type().get(), child)));
  }

  private void place(DdlLook look, AlterTable alter, String column) throws SQLException {
    Table table = look.table();
    if (!table.isTable() && table.kind() != 'f') {
      refuse(
          look,
          "%s is %s; only a table gets a column".formatted(table.name(), table.kindInWords()));
      return;
    }
    if (SYSTEM.contains(column)) {
      refuse(look, "every table has a system column " + column + "; give the new one another name");
    }
    record Kind(boolean partition, boolean typed, boolean children) {}
    Kind kind =
        inquiry.one(
            TABLE,
            row -> new Kind(row.getBoolean(1), row.getBoolean(2), row.getBoolean(3)),
            table.oid());
    if (kind.partition()) {
      refuse(
          look, table.name() + " is a partition, and gets its columns from the table above alone");
    } else if (kind.typed()) {
      refuse(look, table.name() + " is a table of a type, and gets its columns from that alone");
    } else if (alter.only() && kind.children()) {
      refuse(
          look,
          "%s has partitions or inheritors, and a column of it is theirs, too; leave out ONLY"
              .formatted(table.name()));
    }
  }

  private void expressions(DdlLook look, AddedColumn added, String definition) throws SQLException {
    SqlWords words = SqlWords.of(definition);
    words.until("default", "generated");
    if (words.skip("default")) {
      explained(look, "its DEFAULT", words.until(NEXT_CLAUSE), "");
    } else if (words.skip("generated", "always", "as") && words.next().is("(")) {
      explained(look, "its expression", words.inBrackets(), " FROM " + look.pending().from());
    }
    words = SqlWords.of(definition);
    words.until("references");
    if (words.skip("references")) {
      Optional<String> parent = words.name().map(DdlText::quoted);
      if (parent.isPresent() && look.texts().size() == 1) {
        explained(look, "what it REFERENCES", "1", " FROM " + parent.get());
      }
    }
    if (added.type().isPresent()
        && added.startsNull()
        && requires(definition, added.type().get())) {
      String rows = "SELECT EXISTS (SELECT FROM " + look.table().name().quoted() + ")";
      if (explained(look, "whether it has rows", rows, "")
          && look.scope().before(look.step()).stream().noneMatch(backfill.plan.Step::deletes)
          && inquiry.one(rows, row -> row.getBoolean(1))) {
        refuse(
            look,
            "column %s would be NOT NULL, and %s has rows, which would have no value in it; add it without NOT NULL, fill it, and have a step with not-null behind"
                .formatted(look.object(), look.table().name()));
      }
    }
  }

  private boolean requires(String definition, String type) throws SQLException {
    SqlWords words = SqlWords.of(definition);
    words.until("not", "primary");
    return words.skip("not", "null")
        || words.skip("primary", "key")
        || inquiry.one(REQUIRED_BY_TYPE, row -> row.getBoolean(1), type);
  }

  private boolean explained(DdlLook look, String what, String expression, String from)
      throws SQLException {
    return look.pending().askable()
        && new Explained(inquiry, findings)
            .ask(
                look.place(),
                what,
                look.step(),
                look.scope(),
                "EXPLAIN SELECT (" + expression + "\n)" + from);
  }
}
