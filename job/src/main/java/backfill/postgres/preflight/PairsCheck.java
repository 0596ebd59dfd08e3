package backfill.postgres.preflight;

import backfill.plan.GrantSources;
import backfill.plan.Step;
import backfill.plan.level.LevelOrder;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Rights;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Privilege;
import backfill.postgres.server.TableName;
import java.math.BigInteger;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether a {@code pairs} step's target takes what it is given, and needs no more. */
final class PairsCheck {
  private static final Pattern VARCHAR = Pattern.compile("character varying\\((\\d+)\\)");

  private final Rights rights;
  private final Findings findings;

  PairsCheck(Rights rights, Findings findings) {
    this.rights = rights;
    this.findings = findings;
  }

  void check(Step.Pairs step, Table table, Map<String, Table> sources, Shapes shapes)
      throws SQLException {
    String place = Findings.place(step);
    new PairTypes(place, sources, shapes, findings).check(step, table);
    for (Column column : table.columns()) {
      if (step.written().contains(column.name())) {
        column
            .unwritable()
            .ifPresent(
                why ->
                    findings.refuse(
                        place,
                        table.name() + "." + column.name() + " " + why + " and cannot be written"));
      }
    }
    RowsCheck.unfilled(place, table, step.written(), findings);
    rights(step, table);
  }

  private void rights(Step.Pairs step, Table table) throws SQLException {
    String place = Findings.place(step);
    List<String> read = new ArrayList<>(step.key());
    read.addAll(step.into().level().stream().toList());
    read.retainAll(table.columnNames());
    rights.need(place, Privilege.SELECT, table, read, findings);
    List<String> written = new ArrayList<>(step.written());
    written.retainAll(table.columnNames());
    rights.need(place, Privilege.INSERT, table, written, findings);
    rights.needSequences(place, table, written, findings);
    List<String> level = new ArrayList<>(step.into().level().stream().toList());
    level.retainAll(table.columnNames());
    if (!level.isEmpty()) {
      rights.need(place, Privilege.UPDATE, table, level, findings);
    }
  }

  /**
   * Whether levels can be compared: the target's column and those of the sources are of integers,
   * or of texts or an enum, as the step's levels are; and each level fits into the target's.
   */
  static final class LevelTypes {
    private static final List<String> INTEGERS = List.of("smallint", "integer", "bigint");
    private static final List<String> ENGINES_INTEGERS =
        List.of("tinyint", "smallint", "int", "bigint");
    private static final List<String> TEXTS = List.of("text", "character varying");
    private static final char ENUM = 'e';

    private final String place;
    private final Map<String, Table> sources;
    private final Shapes shapes;
    private final Findings findings;
    private final LevelOrder levels;

    LevelTypes(Step.Pairs step, Map<String, Table> sources, Shapes shapes, Findings findings) {
      this.place = Findings.place(step);
      this.levels = step.grants().levels();
      this.sources = sources;
      this.shapes = shapes;
      this.findings = findings;
    }

    void check(Step.Pairs step, Table target) {
      if (step.into().level().isEmpty()) {
        return;
      }
      Optional<Column> into = target.column(step.into().level().get());
      if (into.isEmpty()) {
        findings.refuse(place, SourceCheck.noColumn(target, step.into().level().get()));
        return;
      }
      boolean fits = fits(target, into.get());
      step.grants().leveled().forEach(level -> source(level, fits ? into.get() : null, target));
      step.grants().constants().forEach(level -> constant(level, into.get(), target));
      levels.ascending().forEach(level -> fits(level, into.get(), target));
    }

    private boolean fits(Table table, Column column) {
      boolean text = TEXTS.contains(column.castType()) && column.looseCollation().isEmpty();
      boolean fits = levels.numbers() ? isInteger(column) : text || column.kind() == ENUM;
      if (!fits) {
        findings.refuse(
            place,
            "%s.%s is %s, and the step's levels are %s"
                .formatted(table.name(), column.name(), column.type(), wanted()));
      }
      return fits;
    }

    private String wanted() {
      return levels.numbers()
          ? "numbers, of smallint, integer or bigint; texts are listed by levels, the lowest first"
          : "texts, of text or varchar of a deterministic collation, or of an enum";
    }

    private static boolean isInteger(Column column) {
      return INTEGERS.contains(column.castType());
    }

    private void source(GrantSources.LevelColumn level, Column into, Table target) {
      if (!sources.containsKey(level.from())) {
        view(level, into, target);
      } else if (SourceCheck.has(place, sources, level.from(), level.column(), findings)) {
        Table table = sources.get(level.from());
        Column column = table.column(level.column()).orElseThrow();
        if (fits(table, column)
            && into != null
            && levels.numbers()
            && INTEGERS.indexOf(column.castType()) > INTEGERS.indexOf(into.castType())) {
          findings.refuse(
              place,
              "%s.%s goes into %s.%s, and %s does not fit %s; ALTER TABLE %s ALTER COLUMN %s TYPE %s"
                  .formatted(
                      table.name(),
                      column.name(),
                      target.name(),
                      into.name(),
                      column.type(),
                      into.type(),
                      target.name().quoted(),
                      TableName.quote(into.name()),
                      column.type()));
        }
      }
    }

    private void view(GrantSources.LevelColumn level, Column into, Table target) {
      GivenType given = shapes.given().getOrDefault(level.from(), Map.of()).get(level.column());
      if (given == null) {
        return;
      }
      boolean fits =
          levels.numbers()
              ? ENGINES_INTEGERS.contains(given.engine())
              : given.engine().equals("string");
      if (!fits) {
        findings.refuse(
            place,
            "view %s gives %s as %s, and the step's levels are %s"
                .formatted(level.from(), level.column(), given, wanted()));
      } else if (into != null
          && levels.numbers()
          && ENGINES_INTEGERS.indexOf(given.engine()) > INTEGERS.indexOf(into.castType()) + 1) {
        findings.refuse(
            place,
            "view %s gives %s as %s, and %s.%s is %s, which is narrower; CAST it, which fails where a value does not fit"
                .formatted(
                    level.from(), level.column(), given, target.name(), into.name(), into.type()));
      }
    }

    private void constant(GrantSources.LevelConstant level, Column into, Table target) {
      fits(level.level(), into, target);
      Table table = sources.get(level.from());
      if (level.bare() && table != null && table.column(level.level()).isPresent()) {
        findings.refuse(
            place,
            "level = %1$s of %2$s is one of the step's levels, and %3$s has a column %1$s, too; write \"'%1$s'\" for the level"
                .formatted(level.level(), level.from(), table.name()));
      }
    }

    private void fits(String level, Column into, Table target) {
      Matcher bounded = VARCHAR.matcher(into.storedType());
      boolean fits =
          levels.numbers()
              ? !isInteger(into) || isWithin(new BigInteger(level), into.castType())
              : !bounded.matches()
                  || level.codePointCount(0, level.length()) <= Integer.parseInt(bounded.group(1));
      if (!fits) {
        findings.refuse(
            place,
            "the level %s does not fit %s.%s, which is %s"
                .formatted(level, target.name(), into.name(), into.type()));
      }
    }

    private static boolean isWithin(BigInteger number, String type) {
      return number.bitLength() < (type.equals("smallint") ? 16 : type.equals("integer") ? 32 : 64);
    }
  }
}
