package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Whether the server takes the changes of a table that is published for logical replication: it
 * refuses every UPDATE and DELETE of which it could not tell a subscriber whose row it was.
 *
 * @see <a href="https://www.postgresql.org/docs/current/logical-replication-publication.html">
 *     Logical replication: publication</a>
 */
public final class ReplicaIdentity {
  /** Statements that one sentence has, where a table has many partitions. */
  private static final int SHOWN = 8;

  /** An index that may be an identity, as {@code ALTER TABLE … REPLICA IDENTITY USING} wants it. */
  private static final String CANDIDATES =
      """
      SELECT c.relname, x.indisprimary,
             ARRAY(SELECT a.attname::pg_catalog.text
                   FROM pg_catalog.unnest(x.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, place)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
                   WHERE k.place <= x.indnkeyatts ORDER BY k.place) AS columns
      FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
      WHERE x.indrelid = ?::pg_catalog.oid AND x.indisunique AND x.indimmediate AND x.indisvalid AND x.indislive
        AND x.indpred IS NULL AND x.indexprs IS NULL
        AND NOT EXISTS (
          SELECT FROM pg_catalog.unnest(x.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
          WHERE k.place <= x.indnkeyatts AND NOT a.attnotnull)
      ORDER BY x.indisprimary DESC, x.indnatts, c.relname""";

  private final Inquiry inquiry;
  private final Findings findings;

  public ReplicaIdentity(Inquiry inquiry, Findings findings) {
    this.inquiry = inquiry;
    this.findings = findings;
  }

  private record Candidate(String index, boolean primary, List<String> columns) {
    boolean serves(List<PublishedPart> publications) {
      return publications.stream()
          .allMatch(
              each ->
                  columns.containsAll(each.filter())
                      && each.list().map(list -> list.containsAll(columns)).orElse(true)
                      && (each.list().isPresent()
                          || columns.stream().noneMatch(each.unpublished()::contains)));
    }
  }

  /**
   * Refuses what a step would do in vain. An INSERT needs no identity, so that nothing is asked for
   * a step that only adds rows.
   *
   * @param cascades what loses rows with the step's table; none where it deletes nothing
   * @param events what the step's statements are
   */
  public void check(String place, Cascades cascades, Collection<RowEvent> events)
      throws SQLException {
    if (events.contains(RowEvent.UPDATE) || events.contains(RowEvent.DELETE)) {
      check(place, cascades.origin().oid(), events);
    }
    if (events.contains(RowEvent.DELETE)) {
      for (long child : cascades.children().keySet()) {
        check(place, child, List.of(RowEvent.DELETE));
      }
      for (long child : emptied(cascades)) {
        check(place, child, List.of(RowEvent.UPDATE));
      }
    }
  }

  /** The tables whose columns foreign keys set to NULL, or to a default, for a row that goes. */
  private List<Long> emptied(Cascades cascades) throws SQLException {
    String losing =
        cascades.parts().values().stream()
            .flatMap(List::stream)
            .distinct()
            .map(String::valueOf)
            .collect(Collectors.joining(", "));
    if (losing.isEmpty()) {
      return List.of();
    }
    return inquiry.rows(
        """
        SELECT DISTINCT c.conrelid::pg_catalog.int8 FROM pg_catalog.pg_constraint c
        WHERE c.contype = 'f' AND c.confdeltype IN ('n', 'd') AND c.conparentid = 0
          AND coalesce((pg_catalog.to_jsonb(c) ->> 'conenforced')::pg_catalog.bool, true)
          AND c.confrelid::pg_catalog.int8 IN (%s)"""
            .formatted(losing),
        row -> row.getLong(1));
  }

  private void check(String place, long table, Collection<RowEvent> events) throws SQLException {
    Map<Long, List<PublishedPart>> parts = new LinkedHashMap<>();
    for (PublishedPart part : PublishedPart.of(inquiry, table)) {
      if (events.stream().anyMatch(part::publishes)) {
        parts.computeIfAbsent(part.oid(), oid -> new ArrayList<>()).add(part);
      }
    }
    List<PublishedPart> defective = new ArrayList<>();
    List<String> cures = new ArrayList<>();
    for (List<PublishedPart> publications : parts.values()) {
      Optional<PublishedPart> first =
          publications.stream().filter(part -> part.defect().isPresent()).findFirst();
      if (first.isPresent()) {
        defective.add(first.get());
        cures.add(cure(publications));
      }
    }
    if (!defective.isEmpty()) {
      findings.refuseWriting(place, said(defective, events) + "; " + shown(cures));
    }
  }

  private static String said(List<PublishedPart> defective, Collection<RowEvent> events) {
    PublishedPart first = defective.get(0);
    int others = defective.size() - 1;
    return "publication %s has %s, so that the server refuses %s there%s"
        .formatted(
            first.publication(),
            first.defect().orElseThrow(),
            events.stream()
                .filter(first::publishes)
                .map(RowEvent::name)
                .sorted()
                .collect(Collectors.joining(" and ")),
            others == 0
                ? ""
                : others == 1
                    ? ", and so for 1 part more"
                    : ", and so for %d parts more".formatted(others));
  }

  private static String shown(List<String> cures) {
    List<String> distinct = cures.stream().distinct().toList();
    return String.join("; ", distinct.subList(0, Math.min(SHOWN, distinct.size())))
        + (distinct.size() > SHOWN ? "; and so on for each of the others" : "");
  }

  /** What makes all publications of one table content. */
  private String cure(List<PublishedPart> publications) throws SQLException {
    PublishedPart part = publications.get(0);
    String alter = "ALTER TABLE " + part.name().quoted() + " REPLICA IDENTITY ";
    Optional<Candidate> candidate =
        inquiry
            .rows(
                CANDIDATES,
                row ->
                    new Candidate(
                        row.getString("relname"),
                        row.getBoolean("indisprimary"),
                        Catalog.texts(row.getArray("columns"))),
                part.oid())
            .stream()
            .filter(each -> each.serves(publications))
            .findFirst();
    if (candidate.isPresent()) {
      return alter
          + (candidate.get().primary()
              ? "DEFAULT"
              : "USING INDEX " + TableName.quote(candidate.get().index()));
    }
    if (publications.stream().anyMatch(each -> each.list().isPresent() || each.virtual())) {
      return "give %s a unique index on NOT NULL columns that all its publications have, and with it %sUSING INDEX"
          .formatted(part.name(), alter);
    }
    String generated =
        publications.stream()
            .filter(each -> !each.unpublished().isEmpty())
            .map(
                each ->
                    "; ALTER PUBLICATION "
                        + TableName.quote(each.publication())
                        + " SET (publish_generated_columns = stored)")
            .collect(Collectors.joining());
    return part.full() ? generated.substring(2) : alter + "FULL" + generated;
  }
}
