package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Many small steps in one plan, so that many cases need few runs: what preflight refuses is noted
 * by the step's name and left out, and the others run together.
 */
public final class TestingSteps {
  private static final Pattern NAMED = Pattern.compile("step (\\w+): |[sdv]_(\\w+)");

  private final TestingDatabase database;
  private final StringBuilder sources = new StringBuilder();
  private final Map<String, String> steps = new LinkedHashMap<>();
  private final Map<String, Set<String>> refusals = new TreeMap<>();

  public TestingSteps(TestingDatabase database) {
    this.database = database;
  }

  /** A step named after its case, whose tables are {@code s_NAME} and {@code d_NAME}. */
  public TestingSteps with(String name, String body) {
    steps.put(name, "{ name = %s, %s }".formatted(name, body));
    return this;
  }

  /** Lines of the plan besides its steps. */
  public TestingSteps with(String lines) {
    sources.append(lines).append('\n');
    return this;
  }

  /** Asks preflight, until it has nothing more to say. */
  public TestingSteps checked() throws IOException {
    while (!steps.isEmpty()) {
      TestingRun check = run("check");
      if (check.code() == 0) {
        return this;
      }
      if (check.code() != 3 || !isRefused(check)) {
        throw new AssertionError("check ends with " + check.code() + ": " + check.said());
      }
    }
    return this;
  }

  private boolean isRefused(TestingRun check) {
    boolean any = false;
    for (String line : check.err()) {
      Matcher named = NAMED.matcher(line);
      while (named.find()) {
        String step = named.group(1) == null ? named.group(2) : named.group(1);
        if (steps.remove(step) != null || refusals.containsKey(step)) {
          any |= refusals.computeIfAbsent(step, name -> new LinkedHashSet<>()).add(line);
        }
      }
    }
    return any;
  }

  public TestingRun run(String command, String... options) throws IOException {
    Path plan = Files.createTempFile("steps", ".conf");
    Files.writeString(
        plan,
        "name = steps\nallow-delete = true\n%ssteps = [\n%s\n]\n"
            .formatted(sources, String.join("\n", steps.values())));
    List<String> words = new ArrayList<>(List.of(command, plan.toString()));
    words.addAll(List.of(options));
    try {
      return TestingRun.of(database.environment(), words.toArray(String[]::new));
    } finally {
      Files.delete(plan);
    }
  }

  public boolean isRefused(String step) {
    return refusals.containsKey(step);
  }

  /** What preflight said of a step. */
  public String refusal(String step) {
    return String.join("\n", refusals.getOrDefault(step, Set.of()));
  }
}
