package backfill.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@code help types} says of a type is what the job does with a column of it. */
class ValueGroupTest {
  private static TestingDatabase database;

  @BeforeAll
  static void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute("CREATE TYPE mood AS ENUM ('ok')", "CREATE TYPE pair AS (a int, b int)");
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  private static ValueGroup groupOf(String type) throws SQLException {
    List<Object> row =
        database
            .rows(
                "SELECT format_type(t.oid, -1), coalesce(e.typtype, t.typtype)::text FROM pg_type t"
                    + " LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'"
                    + " WHERE t.oid = '"
                    + type
                    + "'::regtype")
            .get(0);
    return ValueGroup.of(column((String) row.get(0), ((String) row.get(1)).charAt(0)));
  }

  private static Column column(String type, char kind) {
    return new Column(
        "c",
        new Column.Type(type, type, type, kind, true, Optional.empty(), Optional.empty()),
        false,
        Column.Filling.NONE,
        Column.Form.NATURAL);
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "INTEGER",
        "BOOLEAN",
        "FLOAT",
        "TIME",
        "BYTES",
        "TEXT",
        "UUID",
        "NUMERIC",
        "OWN_KIND"
      })
  void everyTypeThatIsNamedIsInItsGroup(ValueGroup group) throws SQLException {
    for (String type : group.typesInWords().split(",\\s*")) {
      assertThat(groupOf(type)).as(type).isEqualTo(group);
    }
  }

  @Test
  void theOthersAreWhereTheTextSaysToo() throws SQLException {
    for (String type :
        List.of(
            "smallint[]",
            "integer[]",
            "bigint[]",
            "boolean[]",
            "real[]",
            "double precision[]",
            "text[]",
            "varchar[]",
            "uuid[]",
            "mood[]")) {
      assertThat(groupOf(type)).as(type).isEqualTo(ValueGroup.ARRAY);
    }
    for (String type :
        List.of(
            "bpchar",
            "interval",
            "json",
            "jsonb",
            "xml",
            "numrange",
            "int4multirange",
            "pair",
            "numeric[]",
            "bytea[]",
            "oid[]",
            "date[]",
            "timestamptz[]",
            "pair[]",
            "tsvector",
            "point")) {
      assertThat(groupOf(type)).as(type).isEqualTo(ValueGroup.PASSED_ON);
    }
    for (String type : List.of("regclass", "regproc[]", "pg_node_tree")) {
      assertThat(groupOf(type)).as(type).isEqualTo(ValueGroup.REFUSED);
    }
    assertThat(groupOf("mood")).isEqualTo(ValueGroup.ENUM);
  }

  /** Of these no text decides what is equal: the server has an equality that forgives more. */
  @Test
  void noTypeOfAForgivingEqualityIsSaidToHaveOneForm() throws SQLException {
    for (String[] pair :
        new String[][] {
          {"numeric", "1.0", "1"},
          {"interval", "1 mon", "30 days"},
          {"jsonb", "{\"a\":1.0}", "{\"a\":1}"},
          {"numrange", "[1.0,2)", "[1,2)"},
          {"numeric[]", "{1.0}", "{1}"},
          {"real[]", "{-0}", "{0}"}
        }) {
      assertThat(
              database.rows(
                  "SELECT '%2$s'::%1$s = '%3$s'::%1$s AND '%2$s'::%1$s::text <> '%3$s'::%1$s::text"
                      .formatted((Object[]) pair)))
          .as("%s", (Object[]) pair)
          .isEqualTo(List.of(List.of(true)));
      assertThat(ValueGroup.hasOneForm(column(pair[0], 'b'))).as(pair[0]).isFalse();
    }
  }

  @Test
  void noTypeIsNamedTwice() {
    assertThat(
            Arrays.stream(ValueGroup.values())
                .limit(8)
                .flatMap(group -> Stream.of(group.typesInWords().split(",\\s*"))))
        .doesNotHaveDuplicates();
  }
}
