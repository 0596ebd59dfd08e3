package backfill.plan;

import backfill.plan.sql.Placeholders;
import backfill.plan.sql.TablesInQuery;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One step of a plan. A new kind is a record here and its executor. */
public sealed interface Step permits Step.Fill, Step.Change {

  /** Unique within the plan. */
  String name();

  /** The word that a plan and the report have for its kind. */
  String kind();

  /** A PostgreSQL condition; false skips the step alone. */
  Optional<String> onlyIf();

  /** What this step fills, changes, makes or drops, as the plan writes it. */
  String target();

  /** Whether it may take rows away, which the plan must allow. */
  boolean deletes();

  /** Those of some steps that fill tables, in their order. */
  static List<Fill> fills(List<Step> steps) {
    return steps.stream().filter(Fill.class::isInstance).map(Fill.class::cast).toList();
  }

  /** A step that fills one table with what follows from the plan's sources. */
  sealed interface Fill extends Step permits Pairs, Rows {

    /**
     * The columns that identify a row of the target: the arbiter is the unique index on exactly
     * these.
     */
    List<String> key();

    /** The columns that it gives a new row, where no query says it. */
    default List<String> written() {
      return key();
    }

    /** The sources and views that the step itself names. */
    Set<String> reads();

    /** What becomes of the target's rows that nothing justifies. */
    Surplus surplus();

    /** A PostgreSQL condition on the target: which of its rows are this step's at all. */
    Optional<String> owns();

    /** How this step writes. */
    Settings.Write write();

    /** The same step, written in this way. */
    Fill with(Settings.Write other);

    @Override
    default boolean deletes() {
      return surplus() == Surplus.DELETE;
    }
  }

  /** A step that changes the database from within: it reads no source, and needs no engine. */
  sealed interface Change extends Step permits InPlace, Ddl {}

  /**
   * Grants flattened into (object, user) pairs.
   *
   * @param grants where they come from
   */
  record Pairs(
      String name,
      Optional<String> onlyIf,
      GrantSources grants,
      IntoPairs into,
      Surplus surplus,
      Optional<String> owns,
      Settings.Write write)
      implements Fill {

    public List<GrantSources.Grant> direct() {
      return grants.direct();
    }

    public List<GrantSources.Grant> through() {
      return grants.through();
    }

    public List<GrantSources.Membership> members() {
      return grants.members();
    }

    public List<GrantSources.Nested> nested() {
      return grants.nested();
    }

    /** Sources that name an object within an object. */
    public List<GrantSources.Nested> objects() {
      return grants.hierarchy().objects();
    }

    public Optional<GrantSources.Leaves> leaves() {
      return grants.hierarchy().leaves();
    }

    @Override
    public Pairs with(Settings.Write other) {
      return new Pairs(name, onlyIf, grants, into, surplus, owns, other);
    }

    @Override
    public String kind() {
      return "pairs";
    }

    @Override
    public String target() {
      return into.table();
    }

    @Override
    public List<String> key() {
      return into.key();
    }

    /** The columns that a pair fills: its key and its level. */
    public List<String> filled() {
      return Stream.concat(key().stream(), into.level().stream()).toList();
    }

    @Override
    public List<String> written() {
      return Stream.of(key().stream(), into.level().stream(), into.set().keySet().stream())
          .flatMap(columns -> columns)
          .toList();
    }

    @Override
    public Set<String> reads() {
      return Stream.of(
              direct().stream().map(GrantSources.Grant::from),
              through().stream().map(GrantSources.Grant::from),
              members().stream().map(GrantSources.Membership::from),
              nested().stream().map(GrantSources.Nested::from),
              objects().stream().map(GrantSources.Nested::from),
              leaves().stream().map(GrantSources.Leaves::from))
          .flatMap(names -> names)
          .collect(Collectors.toSet());
    }
  }

  /**
   * Rows of a query, matched with the target by key.
   *
   * @param asked what gives them
   * @param writing what becomes of them
   */
  record Rows(
      String name,
      Optional<String> onlyIf,
      Asked asked,
      IntoRows into,
      Writing writing,
      Surplus surplus,
      Optional<String> owns,
      Settings.Write write)
      implements Fill {

    /**
     * What gives rows.
     *
     * @param query Spark SQL; its columns are the target's, by name
     * @param unmatched name to a query that gives one number, in the file's order
     */
    public record Asked(String query, Map<String, String> unmatched) {
      public Asked {
        unmatched = InOrder.copy(unmatched);
      }
    }

    /**
     * What becomes of rows.
     *
     * @param insertOnly columns that only a new row gets; an upsert has them
     * @param touch columns that are written along with a change, and never compared
     */
    public record Writing(Mode mode, Set<String> insertOnly, Set<String> touch) {
      public Writing {
        insertOnly = InOrder.copy(insertOnly);
        touch = InOrder.copy(touch);
      }
    }

    public String query() {
      return asked.query();
    }

    public Map<String, String> unmatched() {
      return asked.unmatched();
    }

    public Mode mode() {
      return writing.mode();
    }

    public Set<String> insertOnly() {
      return writing.insertOnly();
    }

    public Set<String> touch() {
      return writing.touch();
    }

    @Override
    public Rows with(Settings.Write other) {
      return new Rows(name, onlyIf, asked, into, writing, surplus, owns, other);
    }

    @Override
    public String kind() {
      return "rows";
    }

    @Override
    public String target() {
      return into.table();
    }

    @Override
    public List<String> key() {
      return into.key();
    }

    @Override
    public Set<String> reads() {
      Set<String> names = new LinkedHashSet<>(TablesInQuery.in(query()));
      unmatched().values().forEach(counting -> names.addAll(TablesInQuery.in(counting)));
      return names;
    }
  }

  /**
   * Rows of one table that are set or deleted where they are, in small transactions along its key,
   * until none is left.
   *
   * @param key empty for the primary key
   * @param where a PostgreSQL condition: which rows are left to do; a row that is done must not
   *     hold it any more
   * @param set column to a PostgreSQL expression over the row, in the file's order; empty for a
   *     deletion
   */
  record InPlace(
      String name,
      Optional<String> onlyIf,
      String table,
      List<String> key,
      String where,
      Map<String, String> set,
      Settings.Write write)
      implements Change {

    public InPlace {
      key = List.copyOf(key);
      set = InOrder.copy(new LinkedHashMap<>(set));
    }

    @Override
    public String kind() {
      return "batches";
    }

    @Override
    public String target() {
      return table;
    }

    @Override
    public boolean deletes() {
      return set.isEmpty();
    }

    /** The columns that chance decides: they get another value whenever they are set. */
    public Set<String> chance() {
      return set.keySet().stream()
          .filter(column -> SqlCheck.isChance(set.get(column)))
          .collect(Collectors.toUnmodifiableSet());
    }

    /** The columns that get another value in each run, by chance or by {@code :now}. */
    public Set<String> varying() {
      return set.keySet().stream()
          .filter(
              column ->
                  SqlCheck.isChance(set.get(column))
                      || Placeholders.names(set.get(column)).contains(SqlCheck.NOW))
          .collect(Collectors.toUnmodifiableSet());
    }
  }

  /**
   * A change of the schema. The catalog is looked at first: what is there already is not made
   * again.
   */
  record Ddl(String name, Optional<String> onlyIf, Definition definition) implements Change {
    @Override
    public String kind() {
      return "ddl";
    }

    @Override
    public String target() {
      return definition.target();
    }

    /** What is dropped takes values with it, but no row; the plan's reader sees the statement. */
    @Override
    public boolean deletes() {
      return false;
    }
  }

  /** What a {@code rows} step does with the rows of its query. */
  enum Mode {
    /** Rows that the target lacks are added; those it has stay as they are. */
    INSERT_MISSING,
    /** Rows that the target lacks are added, and those that differ are set. */
    UPSERT,
    /** Columns of rows that exist are set where they differ; no row is added. */
    UPDATE
  }

  /** What becomes of the target's rows that nothing justifies. */
  enum Surplus {
    /** They are counted, and stay. */
    REPORT,
    /** They are deleted. */
    DELETE,
    /** They are not looked for. */
    IGNORE
  }
}
