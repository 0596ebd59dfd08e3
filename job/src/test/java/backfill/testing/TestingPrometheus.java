package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Metrics as Prometheus reads them in its text format: what it would refuse, or take for something
 * else, is refused here.
 *
 * @param values a name with its labels in order, as in {@code a{b="c"}}, to its value
 * @param types name to counter or gauge; none where the text says none
 */
public record TestingPrometheus(Map<String, Double> values, Map<String, String> types) {
  private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
  private static final Pattern HELP = Pattern.compile("# HELP (" + NAME + ") (\\S.*)");
  private static final Pattern TYPE = Pattern.compile("# TYPE (" + NAME + ") (counter|gauge)");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\[\\\\\"n])*)\"");
  private static final Pattern SAMPLE =
      Pattern.compile(
          "("
              + NAME
              + ")(?:\\{((?:"
              + LABEL
              + "(?:,(?!\\})|(?=\\})))*)\\})? (NaN|-?[0-9.]+(?:E-?[0-9]+)?)");

  public static TestingPrometheus parsed(String text) {
    assertThat(text).endsWith("\n").doesNotContain("\r", "\n\n");
    Map<String, Double> values = new LinkedHashMap<>();
    Map<String, String> types = new HashMap<>();
    Map<String, String> helps = new HashMap<>();
    String family = null;
    for (String line : text.lines().toList()) {
      Matcher help = HELP.matcher(line);
      Matcher type = TYPE.matcher(line);
      Matcher sample = SAMPLE.matcher(line);
      if (help.matches()) {
        assertThat(helps.put(help.group(1), help.group(2))).as(line).isNull();
        family = help.group(1);
      } else if (type.matches()) {
        assertThat(types.put(type.group(1), type.group(2))).as(line).isNull();
        assertThat(type.group(1)).as("it follows its help").isEqualTo(family);
        assertThat(family.endsWith("_total")).as(line).isEqualTo(type.group(2).equals("counter"));
      } else {
        assertThat(sample.matches()).as(line).isTrue();
        if (family != null) {
          assertThat(sample.group(1)).as("samples of a name stand together").isEqualTo(family);
          assertThat(types).containsKey(family);
        }
        Map<String, String> labels = new TreeMap<>();
        LABEL
            .matcher(sample.group(2) == null ? "" : sample.group(2))
            .results()
            .forEach(label -> assertThat(labels.put(label.group(1), label.group(2))).isNull());
        assertThat(values.put(sample.group(1) + labels, Double.valueOf(sample.group(5))))
            .as("twice: %s", line)
            .isNull();
      }
    }
    return new TestingPrometheus(values, types);
  }

  /**
   * The value of a name.
   *
   * @param labels as in {@code {plan=a, step=b}}, by name
   */
  public Double value(String name, String labels) {
    return values.get(name + labels);
  }
}
