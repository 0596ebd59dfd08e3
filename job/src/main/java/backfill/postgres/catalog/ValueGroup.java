package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How the values of a type travel from a table to a query and into another table, what a query may
 * do with them, and whether equal values have equal forms there. A value that the engine cannot
 * hold exactly travels as the server's own text, in a session whose settings are always the same.
 */
public enum ValueGroup {
  INTEGER(
      "smallint, integer, bigint, oid",
      "SMALLINT, INT, BIGINT; oid as BIGINT",
      "everything",
      Set.of("smallint", "integer", "bigint", "oid")),
  BOOLEAN("boolean", "BOOLEAN", "everything", Set.of("boolean")),
  FLOAT(
      "real, double precision",
      "FLOAT, DOUBLE, bit by bit",
      "everything; 0 and -0 are equal, as are NaN and NaN",
      Set.of("real", "double precision")),
  TIME(
      "date, timestamp, timestamptz",
      "DATE, TIMESTAMP_NTZ, TIMESTAMP",
      "everything; a function of infinity ends the run with 4, comparing it does not",
      Set.of("date", "timestamp without time zone", "timestamp with time zone")),
  BYTES("bytea", "BINARY", "everything", Set.of("bytea")),
  TEXT(
      "text, varchar, name, \"char\"",
      "STRING",
      "everything; texts are ordered by their bytes",
      Set.of("text", "character varying", "name", "\"char\"")),
  UUID(
      "uuid",
      "STRING, as 8-4-4-4-12 lower-case digits",
      "everything; a literal must be written like this, too",
      Set.of("uuid")),
  NUMERIC(
      "numeric",
      "the server's text where it is only passed on; DECIMAL where a query computes with it",
      "everything; a value that DECIMAL cannot hold, as NaN or the 19th digit of a fraction, ends the run with 4",
      Set.of("numeric")),
  ARRAY(
      "arrays of smallint, integer, bigint, boolean, real, double precision, text, varchar, uuid and enums",
      "the server's text where it is only passed on; ARRAY where a query looks into it",
      "everything; an array of two dimensions, or whose first index is not 1, ends the run with 4",
      Set.of()),
  ENUM("enums", "STRING, the label", "= and IN, never an order", Set.of()),
  OWN_KIND(
      "time, timetz, inet, cidr, macaddr, macaddr8, bit, varbit, money, pg_lsn, xid8, xid, tid, int4range, int8range,"
          + " daterange",
      "STRING, the server's text",
      "= with a column of the same type, never an order",
      Set.of(
          "time without time zone",
          "time with time zone",
          "inet",
          "cidr",
          "macaddr",
          "macaddr8",
          "\"bit\"",
          "bit",
          "bit varying",
          "money",
          "pg_lsn",
          "xid8",
          "xid",
          "cid",
          "tid",
          "int4range",
          "int8range",
          "daterange")),
  PASSED_ON(
      "everything else: citext, char(n), texts of a nondeterministic collation, interval, json, jsonb, xml, other ranges,"
          + " composite types, other arrays, tsvector, hstore, …",
      "STRING, the server's text",
      "passing it on, IS NULL, CAST(… AS STRING); of json and jsonb also the functions of JSON",
      Set.of()),
  REFUSED(
      "regclass and its kin, pg_node_tree and what else no INSERT can write",
      "not at all",
      "nothing; preflight names the column",
      Set.of(
          "regclass",
          "regcollation",
          "regconfig",
          "regdictionary",
          "regnamespace",
          "regoper",
          "regoperator",
          "regproc",
          "regprocedure",
          "regrole",
          "regtype",
          "gtsvector",
          "pg_node_tree",
          "pg_ndistinct",
          "pg_dependencies",
          "pg_mcv_list",
          "pg_brin_bloom_summary",
          "pg_brin_minmax_multi_summary"));

  /** Elements of arrays that a query may look into: each is exact in the engine. */
  private static final List<ValueGroup> ELEMENTS = List.of(INTEGER, BOOLEAN, FLOAT, TEXT, UUID);

  /** Elements by which the text of an array is the same if and only if the array is. */
  private static final List<ValueGroup> ELEMENTS_OF_ONE_TEXT =
      List.of(INTEGER, BOOLEAN, TIME, BYTES, TEXT, UUID, ENUM, OWN_KIND);

  private final String typesInWords;
  private final String inQueries;
  private final String uses;
  private final Set<String> types;

  ValueGroup(String typesInWords, String inQueries, String uses, Set<String> types) {
    this.typesInWords = typesInWords;
    this.inQueries = inQueries;
    this.uses = uses;
    this.types = types;
  }

  /** That of a column. */
  public static ValueGroup of(Column column) {
    if (column.looseCollation().isPresent()) {
      return PASSED_ON;
    }
    return of(column.castType(), column.kind());
  }

  private static ValueGroup of(String type, char kind) {
    if (type.endsWith("[]")) {
      ValueGroup element = of(elementOf(type), kind);
      return element == REFUSED
          ? REFUSED
          : kind == 'e' || ELEMENTS.contains(element) && !elementOf(type).equals("oid")
              ? ARRAY
              : PASSED_ON;
    }
    return switch (kind) {
      case 'e' -> ENUM;
      case 'p' -> REFUSED;
      default ->
          Arrays.stream(values())
              .filter(group -> group.types.contains(type))
              .findFirst()
              .orElse(PASSED_ON);
    };
  }

  private static String elementOf(String arrayType) {
    return arrayType.substring(0, arrayType.length() - 2);
  }

  /**
   * Whether two values are the same, as the server says, if and only if what is read of them is:
   * the same text, or the same value of the engine.
   */
  public static boolean hasOneForm(Column column) {
    String type = column.castType();
    return switch (of(column)) {
      case INTEGER, BOOLEAN, FLOAT, TIME, BYTES, TEXT, UUID, ENUM, OWN_KIND -> true;
      case NUMERIC -> column.storedType().contains("(");
      case ARRAY -> {
        ValueGroup element = of(elementOf(type), column.kind());
        yield ELEMENTS_OF_ONE_TEXT.contains(element);
      }
      case PASSED_ON ->
          // The blanks at its end do not count for the server, and its text has none.
          type.equals("bpchar") && column.looseCollation().isEmpty()
              || type.endsWith("[]")
                  && column.looseCollation().isEmpty()
                  && ELEMENTS_OF_ONE_TEXT.contains(of(elementOf(type), column.kind()));
      case REFUSED -> false;
    };
  }

  /**
   * SQL for a text that two values of the column share if and only if the server takes them for
   * equal; empty where there is no such text.
   */
  public static Optional<String> canonical(Column column) {
    String name = TableName.quote(column.name());
    if (of(column) == NUMERIC) {
      return Optional.of("pg_catalog.trim_scale(" + name + ")::pg_catalog.text");
    }
    return isCitext(column)
        ? Optional.of("pg_catalog.lower(" + name + "::pg_catalog.text COLLATE \"default\")")
        : Optional.empty();
  }

  static boolean isCitext(Column column) {
    return column.castType().equals("citext") || column.castType().endsWith(".citext");
  }

  /** Whether the column's values are JSON, into which functions may look. */
  public static boolean isJson(Column column) {
    return column.castType().equals("json") || column.castType().equals("jsonb");
  }

  /** Why a column cannot be read or written; empty if it can. */
  public static Optional<String> refusal(Table table, Column column) {
    return of(column) == REFUSED
        ? Optional.of(
            "%s.%s is %s, whose values mean something in one database only, or cannot be written; leave it out, or use a column of another type"
                .formatted(table.name(), column.name(), column.type()))
        : Optional.empty();
  }

  /** Why the server cannot say whether a column's value has changed; empty if it can. */
  public static Optional<String> incomparable(Table table, Column column) {
    return column.comparable()
        ? Optional.empty()
        : Optional.of(
            "%s.%s is %s, of which PostgreSQL cannot say whether two values are the same; name it under"
                    .formatted(table.name(), column.name(), column.type())
                + " insert-only or touch");
  }

  /** Why rows cannot be matched by a column; empty if they can. */
  public static Optional<String> unmatchable(Table table, Column column) {
    if (hasOneForm(column) || canonical(column).isPresent()) {
      return Optional.empty();
    }
    return Optional.of(
        column
            .looseCollation()
            .map(
                collation ->
                    "key column %s.%s has the collation %s, for which different texts are the same key; ALTER TABLE %s ALTER COLUMN %s TYPE %s COLLATE a deterministic one"
                        .formatted(
                            table.name(),
                            column.name(),
                            collation.quoted(),
                            table.name().quoted(),
                            TableName.quote(column.name()),
                            column.type()))
            .orElseGet(
                () ->
                    "key column %s.%s is %s, of which different texts are the same key; name a key of another type"
                        .formatted(table.name(), column.name(), column.type())));
  }

  /** The types of the group, for people. */
  public String typesInWords() {
    return typesInWords;
  }

  /** What a query sees of its values. */
  public String inQueries() {
    return inQueries;
  }

  /** What a query may do with them. */
  public String uses() {
    return uses;
  }
}
