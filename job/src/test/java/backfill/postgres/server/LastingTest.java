package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which failures of the server another attempt alone does not cure. */
class LastingTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0A000", "22003", "22012", "22P02", "23514", "25006", "25P04", "28P01", "3D000", "42501",
        "42601", "42703", "42P01", "53100", "53400", "54000", "55000", "P0001", "XX001"
      })
  void whatIsWrongStaysWrong(String state) {
    assertThat(Lasting.in(new RuntimeException(new SQLException("no", state)))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "08000", "08006", "25P03", "40001", "40P01", "53200", "53300", "55006", "55P03", "57014",
        "57P01", "57P03", "58030", "XX000"
      })
  void whatPassesMayPass(String state) {
    assertThat(Lasting.in(new SQLException("no", state))).isFalse();
  }

  @Test
  void whatIsNotTheServersIsNoneOfIt() {
    assertThat(Lasting.in(new IllegalStateException("no"))).isFalse();
    assertThat(Lasting.in(new SQLException("no"))).isFalse();
  }

  @Test
  void aStatementTimeoutIsToldFromACancel() {
    SQLException timeout =
        new SQLException("ERROR: canceling statement due to statement timeout", "57014");

    assertThat(Lasting.timedOut(timeout)).isTrue();
    assertThat(Lasting.cure(timeout))
        .hasValueSatisfying(cure -> assertThat(cure).contains("RESET statement_timeout"));
    assertThat(
            Lasting.timedOut(
                new SQLException("ERROR: canceling statement due to user request", "57014")))
        .isFalse();
  }

  @Test
  void eachHasACureOfItsOwn() {
    assertThat(Lasting.cure(new SQLException("no", "42501")))
        .hasValueSatisfying(cure -> assertThat(cure).contains("--grants"));
    assertThat(Lasting.cure(new SQLException("no", "42P01")))
        .hasValueSatisfying(cure -> assertThat(cure).startsWith("What preflight found"));
    assertThat(Lasting.cure(new SQLException("no", "53100")))
        .contains("The server's disk is full: make room there.");
    assertThat(Lasting.cure(new SQLException("no", "23514"))).isEmpty();
  }
}
