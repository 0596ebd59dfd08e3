package backfill.plan;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.sql.TablesInQuery;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RelationOrderTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "SELECT a, b FROM x                                   | x",
        "SELECT * FROM x, y AS z, (SELECT c, d FROM w) v, u    | x y w u",
        "SELECT * FROM x JOIN y ON f(x.a, b) = 1, z            | x y z",
        "SELECT * FROM (x JOIN Y USING (a, b))                 | x y",
        "SELECT * FROM `x` WHERE a IN (SELECT a FROM y), b     | x y",
        "SELECT 'FROM a' /* FROM b */ -- FROM c                | -",
        "SELECT a IS DISTINCT FROM b FROM x                    | x",
        "SELECT x FROM y GROUP BY x, z ORDER BY w, v           | y",
        "SELECT * FROM y LEFT JOIN LATERAL (SELECT 1) t ON 1=1 | y",
      })
  void tablesAreThoseBehindFromAndJoin(String query, String names) {
    assertThat(String.join(" ", TablesInQuery.in(query))).isEqualTo(names == null ? "" : names);
  }

  @Test
  void eachViewComesAfterThoseItNeeds() {
    Map<String, String> views = new LinkedHashMap<>();
    views.put("c", "SELECT * FROM b JOIN a USING (id)");
    views.put("b", "SELECT b FROM a");
    views.put("a", "SELECT c FROM t");
    RelationOrder order = new RelationOrder(RelationOrder.needs(List.of(), views));
    assertThat(order.ordered()).containsExactly("a", "b", "c");
    assertThat(order.cycles()).isEmpty();
  }

  @Test
  void aCycleIsNamedOnce() {
    Map<String, String> views = new LinkedHashMap<>();
    views.put("start", "SELECT * FROM a");
    views.put("a", "SELECT * FROM b");
    views.put("b", "SELECT * FROM a");
    assertThat(new RelationOrder(RelationOrder.needs(List.of(), views)).cycles())
        .containsExactly(List.of("a", "b", "a"));
  }
}
