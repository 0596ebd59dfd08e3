package backfill.postgres;

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
final class ArbiterRule {
  private ArbiterRule() {}

  /**
   * The arbiter, or a reason among the findings.
   *
   * @param covering partial indexes that have each row of the step
   */
  static Optional<Arbiter> choose(
      String place, Table table, List<String> key, CoveringIndexes covering, Findings findings) {
    List<UniqueIndex> onKey =
        table.uniqueIndexes().stream().filter(index -> index.isOn(key)).toList();
    List<UniqueIndex> usable =
        onKey.stream()
            .filter(index -> defect(index, key, covering).isEmpty())
            .sorted(Comparator.comparing(index -> index.predicate().isPresent()))
            .toList();
    Optional<UniqueIndex> chosen =
        usable.stream().filter(index -> escapingNull(table, index).isEmpty()).findFirst();
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
    return Optional.of(
        new Arbiter(
            chosen.get().name(),
            List.copyOf(key),
            predicate(chosen.get(), key, covering),
            chosen.get().predicate().filter(any -> namesMore(chosen.get(), key)),
            chosen.get().nullsNotDistinct()));
  }

  /** A predicate that names more than the key is found by what is known of the rows alone. */
  private static Optional<String> predicate(
      UniqueIndex index, List<String> key, CoveringIndexes covering) {
    return index.predicate().isPresent() && namesMore(index, key)
        ? Optional.of(covering.condition())
        : index.predicate();
  }

  private static boolean namesMore(UniqueIndex index, List<String> key) {
    return !key.containsAll(index.dependsOn());
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
    return index.predicate().isPresent()
            && !key.containsAll(index.dependsOn())
            && !covering.has(index)
        ? Optional.of("covers only rows WHERE " + index.predicate().get())
        : Optional.empty();
  }

  private static Optional<Column> escapingNull(Table table, UniqueIndex index) {
    if (index.nullsNotDistinct()) {
      return Optional.empty();
    }
    return index.columns().stream()
        .map(name -> table.column(name).orElseThrow())
        .filter(column -> !column.notNull())
        .filter(
            column ->
                index.predicate().filter(p -> NotNullConjuncts.exclude(p, column.name())).isEmpty())
        .findFirst();
  }

  private static String noIndex(
      Table table, List<String> key, List<UniqueIndex> onKey, CoveringIndexes covering) {
    String columns = key.stream().map(TableName::quote).collect(Collectors.joining(", ", "(", ")"));
    List<String> defects = new ArrayList<>();
    for (UniqueIndex index : onKey) {
      defect(index, key, covering).ifPresent(defect -> defects.add(index.name() + " " + defect));
    }
    return table.name()
        + " has no unique index that says which rows are the same by exactly "
        + columns
        + (defects.isEmpty() ? "" : " (" + String.join("; ", defects) + ")")
        + "; "
        + cure(table, columns, onKey);
  }

  /** An index on all rows would forbid what a partial one is there to allow. */
  private static String cure(Table table, String columns, List<UniqueIndex> onKey) {
    Optional<String> partial =
        onKey.stream()
            .filter(index -> index.valid() && index.immediate())
            .flatMap(index -> index.predicate().stream())
            .findFirst();
    if (partial.isPresent()) {
      return "where all rows of this are among these, say so: owns = \"%s\""
          .formatted(partial.get());
    }
    return "CREATE UNIQUE INDEX "
        + (table.kind() == 'p' ? "" : "CONCURRENTLY ")
        + "ON "
        + table.name().quoted()
        + " "
        + columns;
  }

  private static String nullEscapes(Table table, UniqueIndex index) {
    String column = TableName.quote(escapingNull(table, index).orElseThrow().name());
    return "key column "
        + column
        + " of "
        + table.name()
        + " may be NULL, and a NULL never conflicts in "
        + index.name()
        + ", so each run would add such a row again; ALTER TABLE "
        + table.name().quoted()
        + " ALTER COLUMN "
        + column
        + " SET NOT NULL, or make the index NULLS NOT DISTINCT (PostgreSQL 15) or partial WHERE ("
        + column
        + " IS NOT NULL)";
  }
}
