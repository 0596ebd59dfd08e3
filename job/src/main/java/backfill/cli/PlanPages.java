package backfill.cli;

import backfill.plan.PlanFile;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The pages of the shipped plans for those who run them: the comment at the head of each, under the
 * plan's name, and under the application's with those of its other plans.
 */
final class PlanPages {
  private PlanPages() {}

  /** What the plans' names begin with, sorted: the application each. */
  static Set<String> applications() {
    return PlanFile.shipped().stream()
        .map(PlanPages::application)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * The pages under the name of a plan or of an application; empty where neither is called so.
   *
   * @param width how long a line may be, in characters
   */
  static Optional<String> text(String topic, int width) {
    List<String> named =
        PlanFile.shipped().stream()
            .filter(name -> name.equals(topic) || application(name).equals(topic))
            .toList();
    return named.isEmpty()
        ? Optional.empty()
        : Optional.of(
            named.stream().map(name -> page(name, width)).collect(Collectors.joining("\n\n\n")));
  }

  private static String application(String name) {
    return name.substring(0, name.indexOf('-'));
  }

  private static String page(String name, int width) {
    String page = PlanFile.page(PlanFile.shippedText(name).orElseThrow());
    return name + "\n\n" + HelpLayout.prose(page.lines().toList(), width);
  }
}
