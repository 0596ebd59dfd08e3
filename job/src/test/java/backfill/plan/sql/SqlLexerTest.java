package backfill.plan.sql;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.sql.SqlLexer.Kind;
import backfill.plan.sql.SqlLexer.Token;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlLexerTest {
  /** Each token's kind by its first letter, and its text; signs by themselves. */
  private static String tokens(String sql) {
    return shown(SqlLexer.tokens(sql));
  }

  private static String shown(List<Token> tokens) {
    return tokens.stream()
        .map(
            token ->
                token.kind() == Kind.SIGN
                    ? token.text()
                    : token.kind().name().charAt(0) + ":" + token.text())
        .collect(Collectors.joining(" | "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '\0',
      value = {
        "a = 'it''s' ~ W:a | = | T:it's",
        "'ends with \\' AND b ~ T:ends with \\ | W:and | W:b",
        "E'it\\'s' || e'\\\\' x ~ T:it\\'s | | | | | T:\\\\ | W:x",
        "nameE'\\' x ~ W:namee | T:\\ | W:x",
        "U&'d\\0061t\\' x ~ T:d\\0061t\\ | W:x",
        "U&\"d\\0061t\\+000061\" x ~ N:data | W:x",
        "u&\"d!0061t!!\" UESCAPE '!' x ~ N:dat! | W:x",
        "\"Odd \"\" name\".b ~ N:Odd \" name | . | W:b",
        "N'n' || B'01' ~ W:n | T:n | | | | | W:b | T:01",
        "$$it's -- $ here$$ x ~ T:it's -- $ here | W:x",
        "$a$ $$ $b$ $a$ x ~ T: $$ $b$  | W:x",
        "a$b$c $1 $1 ~ W:a$b$c | $ | 1 | $ | 1",
        "x -- it's\t$$ ~ W:x | C:",
        "x /* /* it's */ $$ */ = 1 ~ W:x | C: | = | 1",
        "a--b ~ W:a | C:",
        "ÄB.straße ~ W:Äb | . | W:straße",
        "a\u00a0b ~ W:a\u00a0b",
        "`a b` ~ ` | W:a | W:b | `"
      })
  void splitsAsTheServerDoes(String sql, String tokens) {
    assertThat(tokens(sql)).isEqualTo(tokens);
  }

  @Test
  void lineEndsEndACommentOfEitherKind() {
    assertThat(tokens("a -- it's\nb -- $$\rc")).isEqualTo("W:a | C: | W:b | C: | W:c");
  }

  /** Two texts with a line's end between them are one for the server. */
  @Test
  void aTextThatGoesOnInTheNextLineIsReadAsItsBeginning() {
    assertThat(tokens("E'a\\''\n 'b\\'c' x")).isEqualTo("T:a\\' | T:b\\'c | W:x");
    assertThat(tokens("E'a' -- '\n  'b\\'c' x")).startsWith("T:a | C: | T:b\\");
    assertThat(tokens("'a'\n 'b\\' x")).isEqualTo("T:a | T:b\\ | W:x");
    assertThat(tokens("E'a' 'b\\' x")).isEqualTo("T:a | T:b\\ | W:x");
  }

  @Test
  void backticksAndBlanksOfSparkAreItsOwn() {
    assertThat(shown(SqlLexer.tokensOfEither("FROM\u00a0`a `` b` WHERE c = '`'")))
        .isEqualTo("W:from | B:a ` b | W:where | W:c | = | T:`");
  }

  @Test
  void tokensKnowWhereTheyAre() {
    String sql = "x = E'a''b' /* c */ AND U&\"n\" UESCAPE '!' = $t$ d $t$";

    assertThat(SqlLexer.tokens(sql))
        .extracting(token -> sql.substring(token.from(), token.to()))
        .containsExactly(
            "x", "=", "E'a''b'", "/* c */", "AND", "U&\"n\" UESCAPE '!'", "=", "$t$ d $t$");
    assertThat(SqlLexer.tokens(sql)).allMatch(Token::closed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'",
        "'a''",
        "E'a\\'",
        "E'\\",
        "\"a",
        "\"",
        "/* /* */",
        "/*",
        "$$ $",
        "$a$ $b$",
        "U&'"
      })
  void whatIsNeverClosedGoesToTheEnd(String sql) {
    List<Token> tokens = SqlLexer.tokens("x " + sql);

    assertThat(tokens).hasSize(2);
    assertThat(tokens.get(1).closed()).isFalse();
    assertThat(tokens.get(1).to()).isEqualTo(sql.length() + 2);
    assertThat(new SqlText("x " + sql).closed()).isFalse();
  }

  /** The server reads these as the moment, whatever quotes stand around it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "timestamp E'now'",
        "$$today$$::date",
        "CAST(U&'now' AS timestamptz)",
        "date 'now'"
      })
  void aMomentIsFoundInAnyQuotes(String sql) {
    assertThat(MomentTexts.in(new SqlText(sql))).hasSize(1);
  }
}
