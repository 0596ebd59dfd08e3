package backfill.report.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.report.terminal.SideBySide.Column;
import backfill.report.terminal.SideBySide.Figure;
import java.util.List;
import org.junit.jupiter.api.Test;

class SideBySideTest {
  @Test
  void figuresOfTwoRunsStandSideBySideFlushRight() {
    String text =
        new SideBySide(
                new Column(
                    "first run",
                    List.of(
                        new Figure("read", "43,210"),
                        new Figure("inserted", "91,003"),
                        new Figure("sequence values", "91,003"),
                        new Figure("seconds", "4.2"))),
                new Column(
                    "rerun",
                    List.of(
                        new Figure("read", "43,210"),
                        new Figure("inserted", "0"),
                        new Figure("sequence values", "0"),
                        new Figure("seconds", "1.1"))))
            .text();

    assertThat(text)
        .isEqualToNormalizingNewlines(
            """
                             first run   rerun
            read                43,210  43,210
            inserted            91,003       0
            sequence values     91,003       0
            seconds                4.2     1.1
            """);
  }

  @Test
  void figureOfOneRunIsADashInTheOther() {
    String text =
        new SideBySide(
                new Column("first", List.of(new Figure("inserted", "7"))),
                new Column("rerun", List.of(new Figure("unchanged", "7"))))
            .text();

    assertThat(text)
        .isEqualToNormalizingNewlines(
            """
                       first  rerun
            inserted       7      -
            unchanged      -      7
            """);
  }

  @Test
  void labelTwiceInAColumnIsRefused() {
    List<Figure> twice = List.of(new Figure("read", "1"), new Figure("read", "2"));
    assertThatThrownBy(() -> new Column("rerun", twice))
        .hasMessage("a column shows each label once, got read twice under rerun");
  }
}
