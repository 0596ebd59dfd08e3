package backfill.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The topics of {@code backfill help}: the sections of {@code reference.conf}, where the plan
 * language and every setting are explained once, how the values of each type are carried, and texts
 * of their own.
 */
final class HelpTopics {
  private static final Pattern HEADING = Pattern.compile("\\s*# ---- (\\S+) ----");

  /** What a person asks who runs plans; a file each. */
  private static final List<String> TEXTS =
      List.of(
          "cookbook",
          "approval",
          "diff",
          "explain",
          "report",
          "exit-codes",
          "environment",
          "lineage",
          "troubleshooting",
          "undo",
          "what-if");

  private static final String TYPES = "types";

  /** No line is broken. */
  private static final int WIDE = Integer.MAX_VALUE;

  private final Map<String, Topic> topics = new LinkedHashMap<>();

  /**
   * One topic.
   *
   * @param settings whether its lines are a part of {@code reference.conf} with values in it
   */
  private record Topic(List<String> lines, boolean settings) {
    Topic {
      lines = List.copyOf(lines);
    }
  }

  private HelpTopics(String reference) {
    String topic = null;
    List<String> lines = new ArrayList<>();
    for (String line : reference.lines().toList()) {
      Matcher heading = HEADING.matcher(line);
      if (heading.matches()) {
        keep(topic, lines);
        topic = heading.group(1);
        lines.clear();
      } else if (!line.startsWith("backfill {") && !line.equals("}")) {
        lines.add(line);
      }
    }
    keep(topic, lines);
    topics.put(TYPES, new Topic(TypesText.text(WIDE).lines().toList(), false));
  }

  static HelpTopics ofTheJob() {
    HelpTopics topics = new HelpTopics(resource("reference.conf"));
    for (String name : TEXTS) {
      topics.topics.put(name, new Topic(resource("help/" + name + ".txt").lines().toList(), false));
    }
    return topics;
  }

  private static String resource(String name) {
    try (InputStream file = HelpTopics.class.getClassLoader().getResourceAsStream(name)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("the job's jar has a readable " + name, e);
    }
  }

  private void keep(String topic, List<String> lines) {
    if (topic != null) {
      // What is only explained is a comment there.
      boolean explained = lines.stream().allMatch(line -> line.isBlank() || line.startsWith("#"));
      topics.put(
          topic,
          explained
              ? new Topic(lines.stream().map(HelpTopics::bare).toList(), false)
              : new Topic(lines, true));
    }
  }

  private static String bare(String line) {
    return line.replaceFirst("^# ?", "");
  }

  Set<String> names() {
    return topics.keySet();
  }

  /** As it is written down. */
  Optional<String> source(String topic) {
    return Optional.ofNullable(topics.get(topic))
        .map(found -> String.join("\n", found.lines()).stripIndent().strip());
  }

  /**
   * As it is read; of a topic that there is.
   *
   * @param width how long a line may be, in characters; an example's may be longer
   */
  String text(String topic, int width) {
    if (topic.equals(TYPES)) {
      return TypesText.text(width);
    }
    Topic found = topics.get(topic);
    return found.settings()
        ? HelpLayout.settings(found.lines(), width)
        : HelpLayout.prose(found.lines(), width);
  }
}
