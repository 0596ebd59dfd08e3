package backfill.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NotNullConjunctsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a IS NOT NULL)",
        "a IS NOT NULL",
        "((a IS NOT NULL) AND (b = 1))",
        "((b = 1) AND ((c = ')'::text) AND (a IS NOT NULL)))",
        "((b = ' AND '::text) AND (a IS NOT NULL))",
      })
  void standsAloneOrBesideAnd(String predicate) {
    assertThat(NotNullConjuncts.exclude(predicate, "a")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a IS NULL)",
        "(b IS NOT NULL)",
        "((a IS NOT NULL) OR (b = 1))",
        "(NOT (a IS NOT NULL))",
        "((b = 1) AND ((a IS NOT NULL) OR (c = 2)))",
        "(b = '(x) AND (a IS NOT NULL) AND (y)'::text)",
        "((b = 'it''s AND (a IS NOT NULL)'::text) OR (c = 1))",
        "(\"x AND a IS NOT NULL\" = 1)",
      })
  void anythingElseLetsNullIn(String predicate) {
    assertThat(NotNullConjuncts.exclude(predicate, "a")).isFalse();
  }
}
