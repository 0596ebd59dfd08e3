package backfill.postgres.catalog;

import backfill.plan.Nearest;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlState;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Finds the table that a plan's words mean, once, under the session's {@code search_path}. A name
 * with a schema is looked up without the right to use that schema, so that {@link Rights} can say
 * what is missing.
 */
public final class NameLookup {
  private static final String OTHERS =
      """

      (SELECT pg_catalog.string_agg(pg_catalog.format('%s.%s', o.relnamespace::pg_catalog.regnamespace,
                                                      pg_catalog.quote_ident(o.relname)), ', '
                ORDER BY pg_catalog.array_position(pg_catalog.current_schemas(false), n.nspname))
       FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace
       WHERE o.relname = c.relname AND o.oid <> c.oid AND o.relkind IN ('r', 'p', 'v', 'm', 'f')
         AND n.nspname = ANY (pg_catalog.current_schemas(false)))""";

  private final Inquiry inquiry;
  private final Catalog catalog;
  private final Map<String, List<String>> parts = new HashMap<>();
  private final Map<List<String>, Visible> places = new HashMap<>();
  private final Map<Long, Table> tables = new HashMap<>();

  public NameLookup(Inquiry inquiry) {
    this.inquiry = inquiry;
    this.catalog = new Catalog(inquiry);
  }

  /**
   * Looks several up by as many questions as one takes; {@link #find} then asks only about those
   * that are not there.
   *
   * @return those that are there
   */
  public Collection<Table> ahead(Collection<String> written) throws SQLException {
    if (written.isEmpty() || !splitAhead(written)) {
      return List.of();
    }
    List<List<String>> asked =
        written.stream()
            .map(parts::get)
            .filter(each -> each.size() == 1 || each.size() == 2)
            .distinct()
            .toList();
    List<Long> found =
        inquiry.rows(
            """
            SELECT k.place, c.oid, CASE WHEN k.schema = '' THEN"""
                + OTHERS
                + """
                     END AS others
            FROM ROWS FROM (pg_catalog.unnest(?::pg_catalog.text[]), pg_catalog.unnest(?::pg_catalog.text[]))
              WITH ORDINALITY AS k(schema, name, place)
            JOIN pg_catalog.pg_class c
              ON c.oid = CASE WHEN k.schema = '' THEN pg_catalog.to_regclass(pg_catalog.quote_ident(k.name))::pg_catalog.oid
                 ELSE (SELECT q.oid FROM pg_catalog.pg_class q JOIN pg_catalog.pg_namespace n ON n.oid = q.relnamespace
                       WHERE n.nspname = k.schema AND q.relname = k.name) END
            """,
            row -> {
              Visible visible = new Visible(row.getLong("oid"), row.getString("others"));
              places.put(asked.get(row.getInt("place") - 1), visible);
              return visible.oid();
            },
            asked.stream().map(each -> each.size() == 2 ? each.get(0) : "").toArray(String[]::new),
            asked.stream().map(each -> each.get(each.size() - 1)).toArray(String[]::new));
    tables.putAll(catalog.tables(found));
    return tables.values();
  }

  /** Nothing is known ahead where one of them is no name: which one, each is asked by itself. */
  private boolean splitAhead(Collection<String> written) throws SQLException {
    try {
      inquiry.rows(
          "SELECT w.name, pg_catalog.parse_ident(w.name) FROM pg_catalog.unnest(?::pg_catalog.text[]) AS w(name)",
          row -> parts.put(row.getString(1), Catalog.texts(row.getArray(2))),
          (Object) written.toArray(String[]::new));
      return true;
    } catch (SQLException e) {
      if (SqlState.INVALID_PARAMETER_VALUE.is(e)) {
        return false;
      }
      throw e;
    }
  }

  private Table table(long oid) throws SQLException {
    Table known = tables.get(oid);
    return known == null ? catalog.table(oid) : known;
  }

  /** The table, or a reason among the findings. */
  public Optional<Table> find(String place, String written, Findings findings) throws SQLException {
    List<String> parts = parts(written);
    if (parts.isEmpty() || parts.size() > 2) {
      findings.refuse(
          place,
          "`" + written + "` is not a table's name; write table or schema.table, quoted as in SQL");
      return Optional.empty();
    }
    if (parts.size() == 1) {
      return visible(place, parts.get(0), findings);
    }
    OptionalLong oid = oid(parts);
    if (oid.isEmpty()) {
      findings.refuse(place, missingFromSchema(parts.get(0), parts.get(1)));
      return Optional.empty();
    }
    return Optional.of(table(oid.getAsLong()));
  }

  /**
   * @param others those of the same name in other schemas of the path, or null
   */
  private record Visible(long oid, String others) {}

  /** Says which one is taken, where the path has more than one of this name. */
  private Optional<Table> visible(String place, String name, Findings findings)
      throws SQLException {
    Visible known = places.get(List.of(name));
    List<Visible> visible =
        known != null
            ? List.of(known)
            : inquiry.rows(
                "SELECT c.oid,"
                    + OTHERS
                    + """
                     AS others
                FROM pg_catalog.pg_class c
                WHERE c.oid = pg_catalog.to_regclass(pg_catalog.quote_ident(?))
                """,
                row -> new Visible(row.getLong("oid"), row.getString("others")),
                name);
    if (visible.isEmpty()) {
      findings.refuse(place, missingFromPath(name));
      return Optional.empty();
    }
    Table table = table(visible.get(0).oid());
    if (visible.get(0).others() != null) {
      findings.warn(
          place,
          "%s is %s, which the search path finds before %s; name its schema in the plan if another is meant"
              .formatted(name, table.name(), visible.get(0).others()));
    }
    return Optional.of(table);
  }

  /** The table; where it is not there yet, a pending one of the name that it will get. */
  public Table thereOrPending(String written) throws SQLException {
    List<String> parts = parts(written);
    OptionalLong oid = parts.isEmpty() ? OptionalLong.empty() : oid(parts);
    return oid.isPresent() ? table(oid.getAsLong()) : Table.pending(inSchema(parts));
  }

  /** Whether a relation has this name, or a column; an index that is not valid counts as none. */
  public boolean isThere(List<String> parts) throws SQLException {
    OptionalLong relation = parts.size() > 2 ? OptionalLong.empty() : oid(parts);
    if (relation.isPresent()) {
      return inquiry.one(
          """
          SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_index x
                             WHERE x.indexrelid = ?::pg_catalog.oid AND NOT x.indisvalid)
          """,
          row -> row.getBoolean(1),
          relation.getAsLong());
    }
    OptionalLong table =
        parts.size() < 2 ? OptionalLong.empty() : oid(parts.subList(0, parts.size() - 1));
    return table.isPresent()
        && catalog.table(table.getAsLong()).column(parts.get(parts.size() - 1)).isPresent();
  }

  /** The name that a table gets which is made by these words. */
  public TableName inSchema(List<String> parts) throws SQLException {
    if (parts.size() > 1) {
      return new TableName(parts.get(0), parts.get(1));
    }
    String schema =
        inquiry.one(
            "SELECT coalesce(pg_catalog.current_schema(), 'public')", row -> row.getString(1));
    return new TableName(schema, parts.get(0));
  }

  private OptionalLong oid(List<String> parts) throws SQLException {
    Visible known = places.get(parts);
    if (known != null) {
      return OptionalLong.of(known.oid());
    }
    return parts.size() == 2 ? qualified(parts.get(0), parts.get(1)) : visible(parts.get(0));
  }

  /** As the server reads them, lower case where not quoted; none where it is no name. */
  public List<String> parts(String written) throws SQLException {
    if (parts.containsKey(written)) {
      return parts.get(written);
    }
    try {
      return inquiry.rows(
          "SELECT part FROM pg_catalog.unnest(pg_catalog.parse_ident(?)) WITH ORDINALITY AS p(part, place)"
              + " ORDER BY place",
          row -> row.getString(1),
          written);
    } catch (SQLException e) {
      if (SqlState.INVALID_PARAMETER_VALUE.is(e)) { // not an identifier
        return List.of();
      }
      throw e;
    }
  }

  private OptionalLong qualified(String schema, String name) throws SQLException {
    return first(
        """
        SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ? AND c.relname = ?
        """,
        schema,
        name);
  }

  private OptionalLong visible(String name) throws SQLException {
    return first(
        """
        SELECT c.oid FROM pg_catalog.pg_class c
        WHERE c.oid = pg_catalog.to_regclass(pg_catalog.quote_ident(?))
        """,
        name);
  }

  private OptionalLong first(String sql, Object... values) throws SQLException {
    return inquiry.rows(sql, row -> row.getLong(1), values).stream()
        .mapToLong(Long::longValue)
        .findFirst();
  }

  private String missingFromSchema(String schema, String name) throws SQLException {
    List<String> beside =
        inquiry.rows(
            """
            SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            """,
            row -> row.getString(1),
            schema);
    return "table " + name + " does not exist in schema " + schema + Nearest.hint(name, beside);
  }

  private String missingFromPath(String name) throws SQLException {
    String path =
        inquiry.one(
            "SELECT pg_catalog.regexp_replace(pg_catalog.current_setting('search_path'), ', pg_temp$', '')",
            row -> row.getString(1));
    List<String> elsewhere =
        inquiry.rows(
            """
            SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
                   || CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN ''
                           ELSE pg_catalog.format(' (after GRANT USAGE ON SCHEMA "%s" TO "%s")',
                                  pg_catalog.replace(n.nspname, '"', '""'),
                                  pg_catalog.replace(current_user, '"', '""')) END
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relname = ? AND c.relkind IN ('r', 'p')
              AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            ORDER BY n.nspname
            """,
            row -> row.getString(1), name);
    List<String> beside =
        inquiry.rows(
            """
            SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE pg_catalog.pg_table_is_visible(c.oid) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
              AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            """,
            row -> row.getString(1));
    return "table "
        + name
        + " does not exist in the search path ("
        + path
        + ")"
        + (elsewhere.isEmpty()
            ? Nearest.hint(name, beside)
            : "; there is " + String.join(", ", elsewhere) + ": name its schema in the plan");
  }
}
