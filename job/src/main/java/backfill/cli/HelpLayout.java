package backfill.cli;

import backfill.report.terminal.Folded;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Lays out a help topic for a width: paragraphs are filled, a list has its words on the left, and
 * settings stand with their full names and defaults above what they do. An example stays as it is.
 */
final class HelpLayout {
  /** A word of a list and what it means, two blanks or more between them. */
  private static final Pattern LISTED = Pattern.compile(" {2}(\\S+(?: \\S+)*?)(?: {2,}(\\S.*))?");

  /** Begins a list; what else is set in is an example. */
  private static final Pattern LIST = Pattern.compile(" {2}\\S+(?: \\S+)*? {2,}[^ =#].*");

  private static final Pattern SETTING = Pattern.compile("([\\w-]+) = (.*)");
  private static final Pattern BLOCK = Pattern.compile("([\\w-]+) \\{");

  private static final String BULLET = "  - ";
  private static final Pattern QUOTED = Pattern.compile("(?: {2}- | {4})\"[^\"]+\"");

  /** A line of a list's source that is shorter than this ends there on purpose. */
  private static final int FILLED = 100;

  private static final int LONGEST_WORD = 22;

  private final int width;
  private final List<String> text = new ArrayList<>();

  private HelpLayout(int width) {
    this.width = width;
  }

  /** A text: blocks of lines, an empty line between them. */
  static String prose(List<String> source, int width) {
    HelpLayout layout = new HelpLayout(width);
    layout.prose(source);
    return layout.toString();
  }

  /** A part of {@code reference.conf}, its comments included. */
  static String settings(List<String> source, int width) {
    HelpLayout layout = new HelpLayout(width);
    layout.settings(source);
    return layout.toString();
  }

  private void prose(List<String> source) {
    List<String> block = new ArrayList<>();
    for (String line : source) {
      boolean begins = !block.isEmpty() && block.get(0).startsWith(" ") != line.startsWith(" ");
      if (line.isBlank() || begins) {
        block(block);
        block.clear();
      }
      if (!line.isBlank()) {
        block.add(line);
      }
    }
    block(block);
  }

  private void block(List<String> block) {
    if (block.isEmpty()) {
      return;
    }
    if (!block.get(0).startsWith(" ")) {
      text.addAll(Folded.line(String.join(" ", block), width, width, 0));
    } else if (block.get(0).startsWith(BULLET)) {
      bullets(block);
    } else if (LIST.matcher(block.get(0)).matches()) {
      list(block);
    } else {
      text.addAll(block);
    }
    text.add("");
  }

  /** What is quoted stands on a line of its own, where it is found by its first words. */
  private void bullets(List<String> block) {
    String point = "";
    for (String line : block) {
      boolean begins = line.startsWith(BULLET) || isQuoted(line) || isQuoted(point);
      if (begins && !point.isEmpty()) {
        point(point);
        point = "";
      }
      point = point.isEmpty() ? line : point + " " + line.strip();
    }
    point(point);
  }

  private void point(String point) {
    int column =
        point.startsWith(BULLET) ? BULLET.length() : point.length() - point.stripLeading().length();
    text.addAll(Folded.line(point, width, width, column));
  }

  private static boolean isQuoted(String line) {
    return QUOTED.matcher(line).matches();
  }

  /** A word of a list, and the lines of what it means. */
  private record Entry(String word, List<String> meaning) {}

  private void list(List<String> block) {
    List<Entry> entries = new ArrayList<>();
    String before = "";
    for (String line : block) {
      Matcher listed = LISTED.matcher(line);
      if (listed.matches()) {
        entries.add(new Entry(listed.group(1), new ArrayList<>()));
        if (listed.group(2) != null) {
          entries.get(entries.size() - 1).meaning().add(listed.group(2));
        }
      } else {
        goOn(entries.get(entries.size() - 1).meaning(), line.strip(), before.length() >= FILLED);
      }
      before = line;
    }
    int words =
        entries.stream()
            .mapToInt(entry -> entry.word().length())
            .filter(length -> length <= LONGEST_WORD)
            .max()
            .orElse(0);
    entries.forEach(entry -> entry(entry, words));
  }

  private static void goOn(List<String> meaning, String line, boolean sameLine) {
    if (sameLine && !meaning.isEmpty()) {
      meaning.set(meaning.size() - 1, meaning.get(meaning.size() - 1) + " " + line);
    } else {
      meaning.add(line);
    }
  }

  private void entry(Entry entry, int words) {
    int column = 2 + words + 2;
    String begin = "  " + entry.word();
    if (begin.length() + 2 > column || entry.meaning().isEmpty()) {
      text.addAll(Folded.line(begin, width, width, 2));
      begin = "";
    }
    for (String line : entry.meaning()) {
      String placed = begin + " ".repeat(column - begin.length()) + line;
      text.addAll(Folded.line(placed, width, width, column));
      begin = "";
    }
  }

  private void settings(List<String> source) {
    Deque<String> path = new ArrayDeque<>();
    List<String> comment = new ArrayList<>();
    for (String line : source) {
      String bare = line.strip();
      Matcher setting = SETTING.matcher(bare);
      Matcher block = BLOCK.matcher(bare);
      if (bare.startsWith("#")) {
        comment.add(bare.replaceFirst("^# ?", ""));
        continue;
      }
      if (setting.matches()) {
        path.addLast(setting.group(1));
        text.add(String.join(".", path) + " = " + setting.group(2));
        path.removeLast();
        String meaning = "    " + String.join(" ", comment);
        text.addAll(Folded.line(meaning, width, width, 4));
        text.add("");
      } else {
        prose(comment);
      }
      comment.clear();
      if (block.matches()) {
        path.addLast(block.group(1));
      } else if (bare.equals("}")) {
        path.pollLast();
      }
    }
    prose(comment);
  }

  @Override
  public String toString() {
    return String.join("\n", text).strip();
  }
}
