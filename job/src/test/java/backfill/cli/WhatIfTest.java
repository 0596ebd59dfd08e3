package backfill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Each answer of the page on what may happen names a test that is there. */
class WhatIfTest {
  private static final Pattern TEST = Pattern.compile("\\b[A-Z]\\w*Test\\b");

  @Test
  void everyAnswerNamesItsTests() {
    String page = HelpTopics.ofTheJob().text("what-if", 120);
    List<String> answers = List.of(page.split("\\n\\n"));
    assertThat(answers).hasSizeGreaterThan(7);
    answers.stream()
        .skip(1)
        .forEach(answer -> assertThat(TEST.matcher(answer).find()).as(answer).isTrue());
    Set<String> there =
        TestingCheckout.files().stream()
            .map(file -> file.getFileName().toString().replace(".java", ""))
            .collect(Collectors.toSet());
    assertThat(TEST.matcher(page).results().map(found -> found.group()).toList())
        .isNotEmpty()
        .allMatch(there::contains);
  }
}
