package backfill;

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
 * language and every setting are explained once, and how the values of each type are carried.
 */
final class HelpTopics {
  private static final Pattern HEADING = Pattern.compile("\\s*# ---- (\\S+) ----");

  private final Map<String, String> topics = new LinkedHashMap<>();

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
    topics.put("types", TypesText.text());
  }

  static HelpTopics ofTheJob() {
    try (InputStream reference =
        HelpTopics.class.getClassLoader().getResourceAsStream("reference.conf")) {
      return new HelpTopics(new String(reference.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("the job's jar has a readable reference.conf", e);
    }
  }

  private void keep(String topic, List<String> lines) {
    if (topic != null) {
      // What is only explained is a comment there; what is a setting stays as a plan says it.
      boolean explained = lines.stream().allMatch(line -> line.isBlank() || line.startsWith("#"));
      topics.put(
          topic,
          String.join("\n", explained ? lines.stream().map(HelpTopics::bare).toList() : lines)
              .stripIndent()
              .strip());
    }
  }

  private static String bare(String line) {
    return line.replaceFirst("^# ?", "");
  }

  Set<String> names() {
    return topics.keySet();
  }

  Optional<String> text(String topic) {
    return Optional.ofNullable(topics.get(topic));
  }
}
