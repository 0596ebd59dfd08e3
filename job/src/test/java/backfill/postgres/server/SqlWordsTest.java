package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SqlWordsTest {
  @Test
  void namesAreThoseOfTheCode() {
    assertThat(
            SqlWords.names(
                "Kind = 'state' AND \"Odd \"\" one\" > 1 -- id\nAND U&\"\\0061b\" IS NULL"))
        .containsExactly("kind", "and", "Odd \" one", "ab", "is", "null");
  }

  @Test
  void aListIsSplitAtItsCommasOnly() {
    assertThat(SqlWords.listed("a, \"b,c\" ,f(d, e), $$,$$"))
        .containsExactly("a", "\"b,c\"", "f(d, e)", "$$,$$");
    assertThat(SqlWords.listed("a,,b,")).containsExactly("a", "", "b");
    assertThat(SqlWords.listed("a--b")).containsExactly("a--b");
    assertThat(SqlWords.listed("")).containsExactly("");
  }

  @Test
  void anEndIsTakenAwayWhateverStandsBehindIt() {
    assertThat(SqlWords.withoutEnd("SELECT 1 WITH /* no */ NO DATA -- yet", "with", "no", "data"))
        .isEqualTo("SELECT 1");
    assertThat(SqlWords.withoutEnd("SELECT 'with data'", "with", "data"))
        .isEqualTo("SELECT 'with data'");
    assertThat(SqlWords.withoutEnd("data", "with", "data")).isEqualTo("data");
  }

  @Test
  void wordsAreSaidWhereTheyFollowEachOther() {
    SqlWords words = SqlWords.of("integer GENERATED /* */ ALWAYS\nAS (a) CHECK (b <> 'DEFAULT')");
    assertThat(words.says("generated", "always", "as", "(")).isTrue();
    assertThat(words.says("always", "generated")).isFalse();
    assertThat(words.says("default")).isFalse();
    assertThat(words.next().text()).isEqualTo("integer");
  }
}
