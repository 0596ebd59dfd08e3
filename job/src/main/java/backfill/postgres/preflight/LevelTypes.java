package backfill.postgres.preflight;

import backfill.plan.GrantSources;
import backfill.plan.Step;
import backfill.plan.level.LevelOrder;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether levels can be compared: the target's column and those of the sources are of integers, or
 * of texts or an enum, as the step's levels are; and each level fits into the target's.
 */
final class LevelTypes {
  private static final Pattern VARCHAR = Pattern.compile("character varying\\((\\d+)\\)");

  private final Step.Pairs step;
  private final String place;
  private final Table target;
  private final Map<String, Table> sources;
  private final Shapes shapes;
  private final Findings findings;
  private final LevelOrder levels;

  LevelTypes(
      Step.Pairs step, Table target, Map<String, Table> sources, Shapes shapes, Findings findings) {
    this.step = step;
    this.place = Findings.place(step);
    this.target = target;
    this.levels = step.grants().levels();
    this.sources = sources;
    this.shapes = shapes;
    this.findings = findings;
  }

  /** What the target's column will be is not known where an earlier step makes it. */
  void check() {
    Optional<Column> into = step.into().level().flatMap(target::column);
    boolean fits = into.isPresent() && fits(target, into.get());
    step.grants().leveled().forEach(level -> source(level, fits ? into.get() : null));
    step.grants().constants().forEach(this::refuseIfColumn);
    if (into.isPresent()) {
      step.grants().constants().forEach(level -> fits(level.level(), into.get()));
      levels.ascending().forEach(level -> fits(level, into.get()));
    }
  }

  private boolean fits(Table table, Column column) {
    boolean text =
        KeyType.of(column).filter(KeyType.TEXT::equals).isPresent()
            && column.looseCollation().isEmpty();
    boolean fits =
        levels.numbers() ? isInteger(column) : text || ValueGroup.of(column) == ValueGroup.ENUM;
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
    return KeyType.of(column).filter(KeyType.INTEGER::equals).isPresent();
  }

  private void source(GrantSources.LevelColumn level, Column into) {
    if (!sources.containsKey(level.from())) {
      view(level, into);
    } else if (SourceCheck.has(place, sources, level.from(), level.column(), findings)) {
      Table table = sources.get(level.from());
      Column column = table.column(level.column()).orElseThrow();
      if (fits(table, column)
          && into != null
          && levels.numbers()
          && IntegerWidth.isWider(column, into)) {
        findings.refuse(place, IntegerWidth.refusal(table, column, target, into));
      }
    }
  }

  private void view(GrantSources.LevelColumn level, Column into) {
    GivenType given = shapes.given().getOrDefault(level.from(), Map.of()).get(level.column());
    if (given == null) {
      return;
    }
    boolean fits =
        levels.numbers() ? IntegerWidth.isInteger(given.engine()) : given.engine().equals("string");
    if (!fits) {
      findings.refuse(
          place,
          "view %s gives %s as %s, and the step's levels are %s"
              .formatted(level.from(), level.column(), given, wanted()));
    } else if (into != null && levels.numbers() && IntegerWidth.isWider(given.engine(), into)) {
      findings.refuse(
          place,
          "view %s gives %s as %s, and %s.%s is %s, which is narrower; CAST it, which fails where a value does not fit"
              .formatted(
                  level.from(), level.column(), given, target.name(), into.name(), into.type()));
    }
  }

  /** A level that is written like a column of its source may be meant as that. */
  private void refuseIfColumn(GrantSources.LevelConstant level) {
    Table table = sources.get(level.from());
    if (level.bare() && table != null && table.column(level.level()).isPresent()) {
      findings.refuse(
          place,
          "level = %1$s of %2$s is one of the step's levels, and %3$s has a column %1$s, too; write \"'%1$s'\" for the level"
              .formatted(level.level(), level.from(), table.name()));
    }
  }

  private void fits(String level, Column into) {
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
