package backfill.postgres.preflight.ddl;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.catalog.Dependents;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NamedObject;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.DdlShape;
import backfill.postgres.change.DdlShape.AlterTable;
import backfill.postgres.change.DdlShape.DropRelation;
import backfill.postgres.change.DdlText;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlWords;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether what a step is to take away can go when its turn comes: the server keeps what something
 * else depends on, unless the statement says CASCADE.
 */
final class DropsCheck {
  private static final int SHOWN = 8;

  private static final String COLUMN =
      """
      SELECT a.attinhcount > 0 AS inherited,
             EXISTS (SELECT FROM pg_catalog.pg_partitioned_table p
                     WHERE p.partrelid = a.attrelid AND a.attnum = ANY (p.partattrs::pg_catalog.int2[])) AS partitions,
             EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = a.attrelid) AS has_children,
             coalesce((SELECT pg_catalog.pg_get_expr(p.partexprs, p.partrelid)
                       FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = a.attrelid), '') AS expressions
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = ?::pg_catalog.oid AND a.attname = ?""";

  private final Inquiry inquiry;
  private final Findings findings;

  DropsCheck(Inquiry inquiry, Findings findings) {
    this.inquiry = inquiry;
    this.findings = findings;
  }

  void check(DdlLook look) throws SQLException {
    DdlShape shape = look.text().shape();
    boolean column = look.object().column().isPresent();
    if (shape instanceof AlterTable alter && column && !isNamed(look, alter)
        || shape instanceof DropRelation drop && !column && !isNamed(look, drop)) {
      return;
    }
    if (look.state() == NamedObject.State.ABSENT || !look.text().says("drop")) {
      return; // there is nothing to do, or it goes by another name
    }
    if (shape instanceof AlterTable alter && column) {
      column(look, alter);
    } else if (shape instanceof DropRelation drop && !column && !isWhole(look, drop)) {
      return;
    }
    dependents(look);
  }

  private void refuse(DdlLook look, String reason) {
    findings.refuse(look.place(), reason);
  }

  /** What a step takes away must be what it looks for: it would be gone, and the other there. */
  private boolean isNamed(DdlLook look, AlterTable alter) {
    String column = look.object().column().orElseThrow();
    boolean other =
        !alter.drops().isEmpty()
            && alter.drops().stream().noneMatch(drop -> drop.name().equals(column));
    if (other || !look.means(alter.table())) {
      refuse(
          look,
          "its statement alters %s%s, and the step is about %s"
              .formatted(
                  String.join(".", alter.table()),
                  other
                      ? " and drops column "
                          + alter.drops().stream()
                              .map(DdlShape.DropColumn::name)
                              .collect(Collectors.joining(", "))
                      : "",
                  look.object()));
      return false;
    }
    return true;
  }

  private boolean isNamed(DdlLook look, DropRelation drop) {
    if (drop.names().isEmpty() || drop.names().stream().anyMatch(look::means)) {
      return true;
    }
    refuse(
        look,
        "its statement drops %s, and the step is about %s; give both one name"
            .formatted(
                drop.names().stream()
                    .map(name -> String.join(".", name))
                    .collect(Collectors.joining(", ")),
                look.object()));
    return false;
  }

  private void column(DdlLook look, AlterTable alter) throws SQLException {
    record Found(boolean inherited, boolean partitions, boolean children, String expressions) {}
    String column = look.object().column().orElseThrow();
    for (Found found :
        inquiry.rows(
            COLUMN,
            row ->
                new Found(
                    row.getBoolean("inherited"),
                    row.getBoolean("partitions"),
                    row.getBoolean("has_children"),
                    row.getString("expressions")),
            look.table().oid(),
            column)) {
      String name = look.object().toString();
      if (found.partitions() || SqlWords.names(found.expressions()).contains(column)) {
        refuse(look, name + " cannot go: " + look.table().name() + " is partitioned by it");
      } else if (found.inherited()) {
        refuse(look, name + " cannot go: it is inherited; drop it from the table above");
      } else if (alter.only() && found.children() && look.table().kind() == 'p') {
        refuse(look, name + " cannot go from the partitioned table alone; leave out ONLY");
      }
    }
  }

  private boolean isWhole(DdlLook look, DropRelation drop) throws SQLException {
    String letter =
        inquiry.one(
            "SELECT relkind::pg_catalog.text FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(?)",
            row -> row.getString(1),
            look.object().quotedRelation());
    char kind = letter.equals("p") ? 'r' : letter.equals("I") ? 'i' : letter.charAt(0);
    if (kind != drop.kind()) {
      refuse(
          look,
          "%s is %s, and its statement drops %s"
              .formatted(
                  look.object(),
                  Table.kindInWords(letter.charAt(0)),
                  Table.kindInWords(drop.kind())));
      return false;
    }
    if (drop.concurrently()
        && (letter.equals("I") || drop.names().size() > 1 || look.text().says("cascade"))) {
      refuse(
          look,
          letter.equals("I")
              ? look.object()
                  + " is the index of a partitioned table, which does not go CONCURRENTLY"
              : "DROP INDEX CONCURRENTLY takes one index, and no CASCADE");
    }
    List<String> whole = new Dependents(inquiry).requiring(look.object());
    whole.forEach(
        each ->
            refuse(
                look,
                "%s cannot go by itself: it is a part of %s; drop that"
                    .formatted(look.object(), each)));
    return whole.isEmpty();
  }

  private void dependents(DdlLook look) throws SQLException {
    Dependents dependents = new Dependents(inquiry);
    List<Dependents.Going> going = new ArrayList<>(dependents.of(look.object()));
    if (look.text().says("cascade")) {
      List<Dependents.Blocking> along = dependents.blocking(going);
      if (!along.isEmpty()) {
        findings.warn(
            look.place(), "takes along by CASCADE, with all that depends on them: " + names(along));
      }
      return;
    }
    List<String> columns = dependents.columnsAlong(going);
    if (!columns.isEmpty()) {
      findings.warn(look.place(), "takes along: " + String.join(", ", columns));
    }
    for (Step earlier : look.scope().before(look.step())) {
      if (earlier instanceof Step.Ddl ddl && ddl.definition() instanceof Definition.Drops drops) {
        Optional<NamedObject> gone =
            NamedObject.of(inquiry, look.place(), drops.object(), Set.of(), new Findings());
        if (gone.isPresent()) {
          going.addAll(dependents.of(gone.get()));
        }
      }
    }
    List<DdlText> texts = look.texts();
    List<Dependents.Blocking> blocking =
        dependents.blocking(going).stream()
            // What a statement names it may see to by itself.
            .filter(each -> texts.stream().noneMatch(text -> text.mentions(each.name())))
            .toList();
    if (!blocking.isEmpty()) {
      refuse(
          look,
          "%s cannot go: %s; have a step before it drop or change that, or say CASCADE in its statement"
              .formatted(look.object(), shown(blocking)));
    }
  }

  private static String shown(List<Dependents.Blocking> all) {
    return names(all) + (all.size() == 1 ? " depends on it" : " depend on it");
  }

  private static String names(List<Dependents.Blocking> all) {
    return all.stream()
            .limit(SHOWN)
            .map(Dependents.Blocking::what)
            .collect(Collectors.joining(", "))
        + (all.size() > SHOWN ? " and %d more".formatted(all.size() - SHOWN) : "");
  }
}
