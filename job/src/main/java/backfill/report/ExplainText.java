package backfill.report;

import backfill.plan.Amount;
import backfill.postgres.explain.Explanation;
import backfill.postgres.explain.StepExplanation;
import backfill.postgres.ledger.KeyHistory;
import backfill.report.terminal.Folded;
import backfill.report.terminal.TextTable;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Why a user may see an object, for people: a sentence for each step, and small tables below it.
 */
public final class ExplainText {
  private static final String INDENT = "  ";

  /** Groups of one chain. */
  private static final int SHOWN_OF_A_CHAIN = 12;

  private final int width;
  private final List<String> lines = new ArrayList<>();

  private ExplainText(int width) {
    this.width = width;
  }

  /**
   * @param width how long a line may be, in characters
   */
  public static List<String> lines(Explanation explanation, int width) {
    ExplainText text = new ExplainText(width);
    explanation.steps().forEach(text::step);
    return List.copyOf(text.lines);
  }

  /** The statements that were sent, as psql takes them. */
  public static List<String> statements(Explanation explanation) {
    return explanation.statements().stream().flatMap(sql -> sql.text().lines()).toList();
  }

  private void step(StepExplanation step) {
    if (!lines.isEmpty()) {
      lines.add("");
    }
    lines.addAll(Folded.lines(sentence(step), width));
    StepExplanation.Given given = step.given();
    if (given != null) {
      given.unseen().forEach(reason -> say("not looked at: " + reason));
      table(ways(given, pair(step)), pair(step) ? new BitSet() : first());
      more(given.allWays() - given.ways().size(), "way");
      if (given.levels() != null) {
        table(levels(step), secondAndThird());
      }
      given.ways().stream()
          .filter(way -> pair(step) && isChained(way))
          .forEach(way -> say(chain(step.subject(), way)));
    }
    if (pair(step)) {
      rows(step.held());
    }
    if (step.history() != null) {
      history(step.history());
    }
  }

  private static boolean isChained(StepExplanation.Way way) {
    return way.nested() != null && !way.nested().isEmpty() || way.objects() != null;
  }

  /** From the user to the object, in words; of a long chain the ends. */
  private static String chain(StepExplanation.Subject subject, StepExplanation.Way way) {
    StringBuilder words = new StringBuilder("user " + subject.user().value() + " is ");
    List<String> down = way.objects() == null ? List.of(subject.object().value()) : way.objects();
    if (way.group() != null) {
      List<String> up = new ArrayList<>(List.of(way.group()));
      up.addAll(way.nested() == null ? List.of() : way.nested());
      Collections.reverse(up);
      words.append("a member of group ").append(up.get(0));
      chain(words, up, "is nested", "in ", "group");
      words.append(", which is ");
    }
    words.append("granted object ").append(down.get(0));
    chain(words, down, "holds", "", "object");
    return words.toString();
  }

  private static void chain(
      StringBuilder words, List<String> keys, String does, String to, String one) {
    int left = Math.max(0, keys.size() - SHOWN_OF_A_CHAIN);
    for (int i = 1; i < keys.size(); i++) {
      if (i < keys.size() - 1 - left) {
        words.append(", which ").append(does).append(' ').append(to).append(keys.get(i));
      } else if (i == keys.size() - 1) {
        words
            .append(", which ")
            .append(does)
            .append(left == 0 ? " " : " through " + Amount.of(left, "more " + one) + " ")
            .append(to)
            .append(keys.get(i));
      }
    }
  }

  private static boolean pair(StepExplanation step) {
    return step.subject().row() == null
        && step.subject().object().value() != null
        && step.subject().user().value() != null;
  }

  private static BitSet first() {
    BitSet first = new BitSet();
    first.set(0);
    return first;
  }

  private static BitSet secondAndThird() {
    BitSet numbers = new BitSet();
    numbers.set(1, 3);
    return numbers;
  }

  private void say(String line) {
    lines.addAll(Folded.lines(INDENT + line, width));
  }

  private void more(long more, String what) {
    if (more > 0) {
      say("and " + Amount.of(more, what) + " more; --limit shows them");
    }
  }

  private void table(List<String[]> rows, BitSet numbers) {
    if (rows.size() > 1) {
      lines.addAll(new TextTable(INDENT, numbers, rows).lines(width));
    }
  }

  private static String sentence(StepExplanation step) {
    StepExplanation.Subject subject = step.subject();
    if (subject.row() != null) {
      return "step %s: what gives %s is a query, which only a run computes; %s %s it."
          .formatted(
              subject.step(),
              key(subject.row()),
              subject.table(),
              step.held().has() ? "has" : "does not have");
    }
    return "step %s: %s; %s."
        .formatted(
            subject.step(),
            step.given() == null
                ? "nothing gives it, because " + subject.skipped()
                : pair(step) ? pair(subject, step.given()) : count(subject, step.given()),
            held(step));
  }

  private static String pair(StepExplanation.Subject subject, StepExplanation.Given given) {
    String pair = subject.object() + " to " + subject.user();
    if (given.allWays() > 0) {
      return Amount.of(given.allWays(), "way")
          + " to give "
          + pair
          + (given.level() == null ? "" : ", the highest at level " + given.level());
    }
    return given.unseen().isEmpty()
        ? "nothing gives " + pair
        : "nothing that was looked at gives " + pair;
  }

  private static String count(StepExplanation.Subject subject, StepExplanation.Given given) {
    boolean ofUser = subject.object().value() == null;
    String known = ofUser ? subject.user() + " is given " : subject.object() + " is given to ";
    String count =
        "%s (%s)"
            .formatted(
                given.pairs() == null
                    ? "an unknown number of " + (ofUser ? "objects" : "users")
                    : Amount.of(given.pairs(), ofUser ? "object" : "user"),
                ofUser ? subject.object().column() : subject.user().column());
    return known
        + count
        + (given.allWays() == 0 ? "" : ", in " + Amount.of(given.allWays(), "way"));
  }

  private static String held(StepExplanation step) {
    String table = step.subject().table();
    StepExplanation.Held held = step.held();
    String foreign =
        held.foreign() == null || held.foreign().rows() == 0
            ? ""
            : ", and " + Amount.of(held.foreign().rows(), "row") + " of it not the step's, by owns";
    if (!pair(step)) {
      return table + " has " + Amount.of(held.rows().rows(), "row") + " of it" + foreign;
    }
    if (!held.has()) {
      return table + " does not have the pair" + foreign;
    }
    boolean surplus = step.given() != null && Boolean.FALSE.equals(step.gives());
    return table
        + " has the pair"
        + (held.level() == null ? "" : " at level " + held.level())
        + (surplus ? " all the same, as surplus" : "")
        + foreign;
  }

  private List<String[]> ways(StepExplanation.Given given, boolean pair) {
    List<String[]> rows = new ArrayList<>();
    boolean leveled = given.ways().stream().anyMatch(way -> way.counts() != null);
    rows.add(
        leveled
            ? new String[] {"level", "by", "granted by", "member by"}
            : pair
                ? new String[] {"by", "granted by", "member by"}
                : new String[] {"pairs", "by", "granted by", "member by"});
    for (StepExplanation.Way way : given.ways()) {
      String by = way.group() == null ? "direct" : "group " + way.group();
      String grants = found(way.grants());
      String members = way.members() == null ? "" : found(way.members());
      rows.add(
          leveled
              ? new String[] {level(way), by, grants, members}
              : pair
                  ? new String[] {by, grants, members}
                  : new String[] {number(way.pairs()), by, grants, members});
    }
    return rows;
  }

  private static String level(StepExplanation.Way way) {
    return level(way.level()) + (way.counts() ? ", counts" : "");
  }

  private static String level(String level) {
    return level == null ? "none, which ends a run" : level;
  }

  /** How many pairs the sources give at each level, how many rows the target has, and of whom. */
  private static List<String[]> levels(StepExplanation step) {
    boolean ofUser = step.subject().object().value() == null;
    List<String[]> rows = new ArrayList<>();
    rows.add(
        new String[] {
          "level",
          ofUser ? "objects" : "users",
          "target has",
          ofUser ? "objects given" : "users given"
        });
    for (StepExplanation.AtLevel each : step.given().levels()) {
      long more = each.pairs() - each.keys().size();
      rows.add(
          new String[] {
            level(each.level()),
            number(each.pairs()),
            number(each.rows()),
            String.join(", ", each.keys()) + (more > 0 ? " and " + number(more) + " more" : "")
          });
    }
    return rows;
  }

  private void rows(StepExplanation.Held held) {
    if (held.has()) {
      say("target: " + found(held.rows()));
    }
    if (held.foreign() != null && held.foreign().rows() > 0) {
      say("not its own: " + found(held.foreign()));
    }
  }

  private static String found(StepExplanation.Found found) {
    String keys =
        found.keys().stream().map(ExplainText::key).collect(Collectors.joining(", ", " ", ""));
    long more = found.rows() == null ? 0 : found.rows() - found.keys().size();
    return (found.table() + keys).strip() + (more > 0 ? " and " + number(more) + " more" : "");
  }

  private static String key(Map<String, String> key) {
    return key.entrySet().stream()
        .map(column -> column.getKey() + "=" + column.getValue())
        .collect(Collectors.joining(" "));
  }

  private void history(StepExplanation.History history) {
    List<String[]> rows = new ArrayList<>();
    rows.add(
        new String[] {"history", "when", "run", "plan", "step, partition", "labels", "approval"});
    for (KeyHistory.Happened event : history.events()) {
      KeyHistory.Run run = event.run();
      rows.add(
          new String[] {
            word(event),
            event.batch().committedAt(),
            run.runId().toString(),
            run.plan(),
            "%s %d".formatted(event.batch().step(), event.batch().partition()),
            ReportJson.words(run.labels()),
            ReportJson.words(run.approval())
          });
    }
    table(rows, new BitSet());
    if (history.events().isEmpty() && history.unknown() == null) {
      say("history: no run of the ledger wrote it");
    }
    if (history.unknown() != null) {
      say("history: " + history.unknown());
    }
  }

  private static String word(KeyHistory.Happened event) {
    String done =
        switch (event.event()) {
          case INSERT -> "added";
          case UPDATE -> "set";
          case DELETE -> "removed";
        };
    return event.run().undoes() == null ? done : done + ", undoing " + event.run().undoes();
  }

  private static String number(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }
}
