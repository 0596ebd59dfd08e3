package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.plan.InvalidPlanException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParametersTest {
  private static final Map<String, Object> PARAMS =
      Map.of("text", "O'Neill", "path", "a\\'b", "yes", true, "five", -5L, "half", 0.5);

  @Test
  void eachTypeHasItsLiteral() {
    assertThat(inline("a = :text")).isEqualTo("a = 'O''Neill'");
    assertThat(inline("a = :path")).isEqualTo("a =  E'a\\\\''b'");
    assertThat(inline("a = :yes")).isEqualTo("a = true");
    assertThat(inline("1 -:five")).isEqualTo("1 -(-5)");
    assertThat(inline(":half")).isEqualTo("(0.5)");
    assertThat(inline(":now::date")).isEqualTo("'2026-01-01 00:00:00+00'::timestamptz::date");
  }

  @Test
  void aValueThatLooksLikeAParameterStaysAValue() {
    assertThat(Parameters.inline(":a :b", Map.of("a", ":b $1 \\1", "b", "x"), ""))
        .isEqualTo(" E':b $1 \\\\1' 'x'");
  }

  @Test
  void anUnknownParameterIsNamed() {
    assertThatThrownBy(() -> inline("a = :nothing"))
        .isInstanceOf(InvalidPlanException.class)
        .hasMessage(":nothing: is no parameter; set params.nothing in the plan");
  }

  @Test
  void nulIsRefused() {
    assertThatThrownBy(() -> Parameters.inline(":a", Map.of("a", "x\0y"), ""))
        .hasMessage("a parameter holds the character NUL, which no text in PostgreSQL can");
  }

  private static String inline(String sql) {
    return Parameters.inline(sql, PARAMS, "2026-01-01 00:00:00+00");
  }
}
