package backfill.plan.sql;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlaceholdersTest {
  @Test
  void namesAreThoseOfTheCodeInTheirOrder() {
    assertThat(Placeholders.names("b = :b_2 AND a IN (:a,:_c) AND :b_2 > now() - :d::interval"))
        .containsExactly("b_2", "a", "_c", "d");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x = 'it is :no'",
        "x = 'it''s :no'",
        "x = E'it\\'s :no'",
        "x = e'\\\\' || E':no'",
        "x = 'ends with \\' || ':no'",
        "\"odd :no\" = 1",
        "\"odd \"\" :no\" = 1",
        "`odd :no` = 1",
        "x = $$ :no ' $$",
        "x = $tag$ $$ :no $tag$",
        "x -- :no",
        "x /* :no */ = 1",
        "x /* /* */ :no */ = 1",
        "x::no",
        "x :: no",
        "x[1:2]",
        "x[low:no]",
        "x[:no]",
        "x[y[1]:no]",
        "x[f(1):no]",
        "x[\"low\":no]",
        "payload:no",
        "'12' = :12",
        "x := 1",
        "'never closed :no"
      })
  void nothingElseIsAName(String sql) {
    assertThat(Placeholders.names(sql)).isEmpty();
    assertThat(Placeholders.replace(sql, name -> "?")).isEqualTo(sql);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x = 'a' AND y = :yes",
        "x = 'ends with \\' AND y = :yes",
        "x = nameE'\\' AND y = :yes",
        "x = E'\\\\' AND y = :yes",
        "x -- comment\n= :yes",
        "x /* a /* b */ c */ = :yes",
        "a$b = $$c$$ AND d$ = :yes",
        "x=:yes",
        "ARRAY[:yes]",
        "array[[1],[:yes]]",
        "x[1, :yes]",
        "x[ :yes]",
        "x = $1 AND y = :yes"
      })
  void aNameBehindSomethingThatLooksLikeAStringIsFound(String sql) {
    assertThat(Placeholders.names(sql)).containsExactly("yes");
    assertThat(Placeholders.replace(sql, name -> "$0\\")).isEqualTo(sql.replace(":yes", "$0\\"));
  }

  @Test
  void replacesEachUseAndLeavesTheRest() {
    assertThat(
            Placeholders.replace(
                "SELECT ':a', :a, x::a /* :a */ FROM t WHERE :a<:b", name -> "'" + name + "'"))
        .isEqualTo("SELECT ':a', 'a', x::a /* :a */ FROM t WHERE 'a'<'b'");
  }
}
