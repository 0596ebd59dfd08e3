package backfill.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Every type that a column may have on a server, with the nasty values of each: {@code
 * types/values.txt} has them, {@code types/types.sql} makes types of a user's own, and what the
 * catalog has besides is an error.
 */
public final class TestingTypes {
  private static final Pattern HEADING = Pattern.compile("(?:@(\\d+) )?\\[(.+)]");
  private static final Pattern VALUE = Pattern.compile("(?:@(\\d+) )?(.+)");

  /** Without a length their names mean a length of 1. */
  private static final Map<String, String> DECLARED =
      Map.of("bpchar", "pg_catalog.bpchar", "bit", "pg_catalog.\"bit\"");

  private static final String IN_THE_CATALOG =
      """
      SELECT format_type(t.oid, NULL), t.typarray <> 0
      FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
      WHERE t.typtype <> 'p' AND (t.typtype <> 'c' OR c.relkind = 'c')
        AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
      """;

  /**
   * A column of one type.
   *
   * @param values SQL of its type, one for each row; behind them is NULL
   */
  record Column(String name, String type, List<String> values) {
    String value(int row) {
      return row < values.size() ? values.get(row) : "NULL";
    }
  }

  private TestingTypes() {}

  /** Makes the types of a user's own in a database. */
  public static void create(TestingDatabase database) throws SQLException {
    database.execute(text("types.sql"), "CREATE TABLE \"Odd \"\"Table\"\"\" (id integer)");
  }

  /** One column of each type, and one of its arrays, where {@link #create} was called. */
  static List<Column> columns(TestingDatabase database) throws SQLException {
    int version = (int) database.count("SELECT current_setting('server_version_num')::int / 10000");
    Map<String, List<String>> known = known(version);
    List<String> unknown = new ArrayList<>();
    List<String> withoutArray = new ArrayList<>();
    for (List<Object> type : database.rows(IN_THE_CATALOG)) {
      String name = type.get(0).equals("character") ? "bpchar" : (String) type.get(0);
      if (!known.containsKey(name)) {
        unknown.add(name);
      }
      if (!(Boolean) type.get(1)) {
        withoutArray.add(name);
      }
    }
    if (!unknown.isEmpty()) {
      throw new AssertionError("types/values.txt has no values of the types " + unknown);
    }
    List<Column> columns = new ArrayList<>();
    known.forEach(
        (type, values) -> {
          columns.add(scalar(type, values));
          if (!withoutArray.contains(type) && !type.contains("COLLATE")) {
            columns.add(array(type, values));
          }
        });
    return columns;
  }

  private static Column scalar(String type, List<String> values) {
    return new Column(
        "v_" + word(type),
        DECLARED.getOrDefault(type, type),
        values.stream().map(value -> cast(value, type)).toList());
  }

  /** In one dimension, in two, with bounds that do not begin at 1, with NULLs, and without any. */
  private static Column array(String type, List<String> values) {
    String array = DECLARED.getOrDefault(type, type) + "[]";
    List<String> cast = values.stream().map(value -> cast(value, type)).toList();
    String one = cast.isEmpty() ? cast("NULL", type) : cast.get(0);
    String other = cast.isEmpty() ? one : cast.get(cast.size() - 1);
    List<String> rows =
        new ArrayList<>(
            List.of(
                "ARRAY[%s]::%s"
                    .formatted(
                        String.join(", ", cast) + (cast.isEmpty() ? "" : ", ") + "NULL", array),
                "'{}'::" + array,
                "ARRAY[NULL, NULL]::" + array,
                "array_fill(%s, '{2,2}', '{0,-3}')::%s".formatted(one, array),
                "ARRAY[ARRAY[%s, NULL], ARRAY[%s, %s]]::%s".formatted(other, one, other, array),
                "array_fill(%s, '{1}', '{7}')::%s".formatted(other, array)));
    return new Column("a_" + word(type), array, rows);
  }

  private static String cast(String value, String type) {
    String plain = type.replaceFirst(" COLLATE.*", "");
    return "(" + value + ")::" + DECLARED.getOrDefault(plain, plain);
  }

  private static String word(String type) {
    return type.toLowerCase(Locale.ROOT).replaceAll("\\W+", "_").replaceAll("^_|_$", "");
  }

  private static Map<String, List<String>> known(int version) {
    Map<String, List<String>> known = new LinkedHashMap<>();
    List<String> values = new ArrayList<>();
    for (String line : text("values.txt").lines().toList()) {
      Matcher heading = HEADING.matcher(line);
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      if (heading.matches()) {
        values = new ArrayList<>();
        if (isThere(heading.group(1), version)) {
          known.put(heading.group(2), values);
        }
        continue;
      }
      Matcher value = VALUE.matcher(line);
      if (value.matches() && isThere(value.group(1), version)) {
        values.add(value.group(2));
      }
    }
    return known;
  }

  private static boolean isThere(String since, int version) {
    return since == null || Integer.parseInt(since) <= version;
  }

  /** A file beside the values. */
  static String text(String name) {
    try (InputStream resource = TestingTypes.class.getResourceAsStream("/types/" + name)) {
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
