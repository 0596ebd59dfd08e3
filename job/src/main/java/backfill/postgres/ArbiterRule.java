package backfill.postgres;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Decides which unique index says that two rows are the same: it is on exactly the key, valid and
 * immediate, without expressions, its predicate, if any, names key columns alone, and no NULL
 * escapes it.
 */
final class ArbiterRule {
  private ArbiterRule() {}

  /** The arbiter, or a reason among the findings. */
  static Optional<Arbiter> choose(String place, Table table, List<String> key, Findings findings) {
    List<UniqueIndex> onKey =
        table.uniqueIndexes().stream().filter(index -> index.isOn(key)).toList();
    List<UniqueIndex> usable =
        onKey.stream()
            .filter(index -> defect(index, key).isEmpty())
            .sorted(Comparator.comparing(index -> index.predicate().isPresent()))
            .toList();
    Optional<UniqueIndex> chosen =
        usable.stream().filter(index -> escapingNull(table, index).isEmpty()).findFirst();
    if (chosen.isEmpty()) {
      findings.refuse(
          place, usable.isEmpty() ? noIndex(table, key, onKey) : nullEscapes(table, usable.get(0)));
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
            chosen.get().predicate(),
            chosen.get().nullsNotDistinct()));
  }

  private static Optional<String> defect(UniqueIndex index, List<String> key) {
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
    return index.predicate().isPresent() && !key.containsAll(index.dependsOn())
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

  private static String noIndex(Table table, List<String> key, List<UniqueIndex> onKey) {
    String columns = key.stream().map(TableName::quote).collect(Collectors.joining(", ", "(", ")"));
    List<String> defects = new ArrayList<>();
    for (UniqueIndex index : onKey) {
      defect(index, key).ifPresent(defect -> defects.add(index.name() + " " + defect));
    }
    return table.name()
        + " has no unique index that says which rows are the same by exactly "
        + columns
        + (defects.isEmpty() ? "" : " (" + String.join("; ", defects) + ")")
        + "; CREATE UNIQUE INDEX "
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
