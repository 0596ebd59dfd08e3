package backfill.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Values for a unique key of one type, equal to one another in several spellings: a section of
 * {@code types/keys.txt}.
 *
 * @param type of the target's column, with a collation
 * @param source the type of the column that they come from
 * @param values SQL, the first of them always the same
 * @param targetAlone SQL of values that only the target has
 */
public record TestingKeyPool(
    String type, String source, List<String> values, List<String> targetAlone) {
  private static final Pattern HEADING = Pattern.compile("\\[(.+?)(?: < (.+))?]");

  public static List<TestingKeyPool> all() {
    List<TestingKeyPool> pools = new ArrayList<>();
    for (String line : TestingTypes.text("keys.txt").lines().toList()) {
      Matcher heading = HEADING.matcher(line);
      if (heading.matches()) {
        String type = heading.group(1);
        pools.add(
            new TestingKeyPool(
                type,
                heading.group(2) == null ? type : heading.group(2),
                new ArrayList<>(),
                new ArrayList<>()));
      } else if (line.startsWith("> ")) {
        pools.get(pools.size() - 1).targetAlone.add(line.substring(2));
      } else if (!line.isBlank() && !line.startsWith("#")) {
        pools.get(pools.size() - 1).values.add(line);
      }
    }
    return pools;
  }

  /** A value as the source has it. */
  public String given(String value) {
    return "(" + value + ")::" + plain(source);
  }

  /** A value as an INSERT of it into the target would leave it there. */
  public String kept(String value) {
    return "(" + value + ")::" + plain(type);
  }

  private static String plain(String type) {
    return type.replaceFirst(" COLLATE.*", "");
  }

  @Override
  public String toString() {
    return source.equals(type) ? type : type + " of " + source;
  }
}
