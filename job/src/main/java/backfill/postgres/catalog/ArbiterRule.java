package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Decides which unique index says that two rows are the same: it is on exactly the key, valid and
 * immediate, without expressions, its predicate, if any, names key columns alone or holds for every
 * row that is the step's, and no NULL escapes it.
 */
public final class ArbiterRule {
  /** What is known of the keys that are written. */
  public enum KeyNulls {
    /** None has a NULL: such rows are left out. */
    WITHOUT_NULLS,
    ANY
  }

  private ArbiterRule() {}

  /**
   * The arbiter, or a reason among the findings.
   *
   * @param covering partial indexes that have each row of the step
   */
  public static Optional<Arbiter> choose(
      String place,
      Table table,
      List<String> key,
      KeyNulls keys,
      CoveringIndexes covering,
      Findings findings) {
    List<UniqueIndex> onKey =
        table.uniqueIndexes().stream().filter(index -> index.isOn(key)).toList();
    List<UniqueIndex> usable =
        onKey.stream()
            .filter(index -> defect(index, key, covering).isEmpty())
            .sorted(Comparator.comparing(index -> index.predicate().isPresent()))
            .toList();
    Optional<UniqueIndex> chosen =
        usable.stream()
            .filter(
                index -> keys == KeyNulls.WITHOUT_NULLS || escapingNulls(table, index).isEmpty())
            .findFirst();
    if (chosen.isEmpty()) {
      findings.refuse(
          place,
          usable.isEmpty()
              ? noIndex(table, key, onKey, covering)
              : nullEscapes(table, usable.get(0)));
      return Optional.empty();
    }
    Optional<UniqueIndex> deferrable =
        onKey.stream().filter(index -> !index.immediate()).findFirst();
    if (deferrable.isPresent()) {
      findings.refuse(
          place,
          table.name()
              + " has a deferrable unique constraint beside the usable index on the same columns, and ON CONFLICT"
              + " fails on it; ALTER TABLE "
              + table.name().quoted()
              + " DROP CONSTRAINT "
              + TableName.quote(deferrable.get().name()));
      return Optional.empty();
    }
    return Optional.of(arbiter(chosen.get(), key, covering));
  }

  /** A predicate that names more than the key is found by what is known of the rows alone. */
  private static Arbiter arbiter(UniqueIndex index, List<String> key, CoveringIndexes covering) {
    Optional<IndexedRows> indexed =
        index
            .predicate()
            .filter(any -> index.namesMoreThan(key))
            .map(only -> new IndexedRows(only, index.dependsOn().stream().sorted().toList()));
    return new Arbiter(
        index.name(),
        List.copyOf(key),
        indexed.isPresent() ? Optional.of(covering.condition()) : index.predicate(),
        indexed,
        index.nullsNotDistinct());
  }

  private static Optional<String> defect(
      UniqueIndex index, List<String> key, CoveringIndexes covering) {
    if (!index.valid()) {
      return Optional.of("is invalid, drop it first");
    }
    if (!index.immediate()) {
      return Optional.of("is deferrable, which no ON CONFLICT can use");
    }
    if (index.looseCollation().isPresent()) {
      return Optional.of(
          "has the collation %s, for which different texts are the same key"
              .formatted(index.looseCollation().get().quoted()));
    }
    return index.predicate().isPresent() && index.namesMoreThan(key) && !covering.has(index)
        ? Optional.of("covers only rows WHERE " + index.predicate().get())
        : Optional.empty();
  }

  private static List<String> escapingNulls(Table table, UniqueIndex index) {
    if (index.nullsNotDistinct()) {
      return List.of();
    }
    return index.columns().stream()
        .map(name -> table.column(name).orElseThrow())
        .filter(column -> !column.notNull())
        .filter(
            column ->
                index.predicate().filter(p -> NotNullConjuncts.exclude(p, column.name())).isEmpty())
        .map(Column::name)
        .toList();
  }

  private static String noIndex(
      Table table, List<String> key, List<UniqueIndex> onKey, CoveringIndexes covering) {
    List<String> defects = new ArrayList<>();
    for (UniqueIndex index : onKey) {
      defect(index, key, covering).ifPresent(defect -> defects.add(index.name() + " " + defect));
    }
    return table.name()
        + " has no unique index that says which rows are the same by exactly "
        + key.stream().map(TableName::quote).collect(Collectors.joining(", ", "(", ")"))
        + (defects.isEmpty() ? "" : " (" + String.join("; ", defects) + ")")
        + "; "
        + cure(table, key, onKey, covering);
  }

  /** An index on all rows would forbid what a partial one is there to allow. */
  private static String cure(
      Table table, List<String> key, List<UniqueIndex> onKey, CoveringIndexes covering) {
    Optional<UniqueIndex> partial =
        onKey.stream()
            .filter(index -> index.predicate().isPresent())
            .min(Comparator.comparing(index -> !index.valid()));
    String create = UniqueIndex.creating(table, key);
    if (partial.isEmpty()) {
      return create;
    }
    String predicate = partial.get().predicate().get();
    return (partial.get().valid() ? "" : create + " WHERE " + predicate + ", and ")
        + "where all rows of this are among these, say so: owns = "
        + inHocon(
            covering.condition().isEmpty()
                ? predicate
                : "(" + covering.condition().strip() + ") AND " + predicate);
  }

  private static String inHocon(String text) {
    String quotes = text.matches("(?s).*[\"\\\\\n].*") ? "\"\"\"" : "\"";
    return quotes + text + quotes;
  }

  private static String nullEscapes(Table table, UniqueIndex index) {
    NullableKey key = new NullableKey(table, escapingNulls(table, index));
    return key.inWords()
        + ", and a NULL never conflicts in "
        + index.name()
        + ", so each run would add such a row again; "
        + key.setNotNull()
        + ", or make the index NULLS NOT DISTINCT (PostgreSQL 15) or partial WHERE ("
        + index.predicate().map(predicate -> predicate + " AND ").orElse("")
        + key.noneIsNull()
        + ")";
  }
}
