package backfill.cli;

import backfill.plan.Nearest;
import backfill.report.ExitCode;
import backfill.report.terminal.Folded;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;

/** The command that explains a topic, a shipped plan or a command, or lists what it explains. */
final class HelpCommand {
  private final CommandLine commands;
  private final Answer answer;

  HelpCommand(CommandLine commands, Answer answer) {
    this.commands = commands;
    this.answer = answer;
  }

  /**
   * @param topic null for the list of all
   */
  int run(String topic) {
    HelpTopics topics = HelpTopics.ofTheJob();
    int width = commands.getUsageHelpWidth();
    if (topic == null) {
      list(topics, width);
    } else if (topics.source(topic).isPresent()) {
      answer.out().println(topics.text(topic, width));
    } else if (commands.getSubcommands().containsKey(topic)) {
      commands.getSubcommands().get(topic).usage(answer.out());
    } else {
      Optional<String> page = PlanPages.text(topic, width);
      if (page.isEmpty()) {
        return answer.refused("help", unknown(topic, topics));
      }
      answer.out().println(page.get());
    }
    return ExitCode.DONE.number();
  }

  private void list(HelpTopics topics, int width) {
    commands.usage(answer.out());
    answer.out().printf("%nTopics of backfill help:%n");
    Folded.lines("  " + String.join(", ", topics.names()), width).forEach(answer.out()::println);
    answer
        .out()
        .printf(
            "%nAnd for the shipped plans, beside their applications:%n  %s%n",
            String.join(", ", PlanPages.applications()));
  }

  private static String unknown(String topic, HelpTopics topics) {
    List<String> known =
        Stream.concat(topics.names().stream(), PlanPages.applications().stream()).toList();
    return "help has no topic "
        + topic
        + "; it has "
        + String.join(", ", known)
        + ", and every plan and command"
        + Nearest.hint(topic, known);
  }
}
