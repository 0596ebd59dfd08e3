package backfill.testing;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which columns of {@link TestingEverything} go which way through the job: all of them, until
 * preflight refuses one by name.
 */
public final class TestingCarriedColumns {
  private static final Pattern REFUSED = Pattern.compile("\\b(\\w+)\\.([va]_\\w+)");

  /** One way through the job, into a table of its own. */
  public enum Way {
    MISSING("insert-missing", "here"),
    UPSERT("upsert", "here"),
    UPDATE("update", "here"),
    VIEW("insert-missing", "seen"),
    ELSEWHERE("insert-missing", "there"),
    KEYED("upsert", "by_key"),
    AGAIN("upsert", "made");

    private final String mode;
    private final String from;

    Way(String mode, String from) {
      this.mode = mode;
      this.from = from;
    }

    String step() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Whether rows are there before, which are left where nothing of them is different. */
    public boolean comparesFirst() {
      return this == UPSERT || this == UPDATE;
    }

    public String table() {
      return "to_" + step();
    }
  }

  private final Map<Way, Set<String>> compared = new TreeMap<>();
  private final Map<Way, Set<String>> touched = new TreeMap<>();
  private final Map<String, String> refusals = new LinkedHashMap<>();

  public TestingCarriedColumns(Collection<String> names) {
    for (Way way : Way.values()) {
      compared.put(way, new LinkedHashSet<>(names));
      touched.put(way, new LinkedHashSet<>());
    }
  }

  /** Takes out what preflight refuses; whether it names anything of ours. */
  public boolean refuse(List<String> said) {
    boolean any = false;
    for (String line : said) {
      Matcher named = REFUSED.matcher(line);
      while (named.find()) {
        for (Way way : Way.values()) {
          if (named.group(1).equals(TestingEverything.NAME) || named.group(1).equals(way.table())) {
            any |= refuse(way, named.group(2), line);
          }
        }
      }
    }
    return any;
  }

  /** What cannot be compared can still be written along. */
  private boolean refuse(Way way, String column, String line) {
    boolean wasCompared = compared.get(way).remove(column);
    if (wasCompared && line.contains("touch")) {
      return touched.get(way).add(column);
    }
    boolean was = wasCompared || touched.get(way).remove(column);
    if (was) {
      refusals.putIfAbsent(column, line.strip());
    }
    return was;
  }

  /** Column to what preflight said of it. */
  public Map<String, String> refusals() {
    return refusals;
  }

  /** Those that go this way. */
  public List<String> of(Way way) {
    return Stream.concat(compared.get(way).stream(), touched.get(way).stream()).toList();
  }

  /** The step that takes them. */
  public String step(Way way) {
    String touch = String.join(", ", touched.get(way));
    return """
      { name = %s, kind = rows, mode = %s%s
        query = "SELECT id, %s FROM %s", into = { table = %s, key = [id] } }
    """
        .formatted(
            way.step(),
            way.mode,
            touch.isEmpty() ? "" : ", touch = [" + touch + "]",
            String.join(", ", of(way)),
            way.from,
            way.table());
  }
}
