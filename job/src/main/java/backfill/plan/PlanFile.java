package backfill.plan;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValueFactory;
import java.io.File;
import java.net.URL;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** From the text of a plan to the {@link Plan}, or to everything that is wrong with it. */
public final class PlanFile {
  private static final Pattern SUBSTITUTION = Pattern.compile("\\$\\{[^}]*}");
  private static final Pattern SENTENCE = Pattern.compile("(.*?[.!?])(\\s.*|$)");

  private PlanFile() {}

  /**
   * Reads a plan.
   *
   * @param location for messages
   * @param sets {@code KEY=VALUE} each, as {@code --set} has them
   * @param jobVersion part of the hash: another version may write other rows
   * @throws InvalidPlanException with every problem; a syntax error or a variable without a value
   *     comes alone, because nothing is known of what stands behind it
   */
  public static Plan read(String location, String text, List<String> sets, String jobVersion) {
    FoundProblems problems = new FoundProblems(location);
    int tooDeep = TextCursor.tooDeep(text);
    if (tooDeep > 0) {
      problems.at(
          tooDeep,
          "blocks, lists or a key's parts are nested more than %d deep, which no plan needs; look for braces or brackets that are not closed"
              .formatted(TextCursor.DEEPEST));
      problems.throwIfAny();
    }
    try {
      Config file =
          ConfigFactory.parseString(
              text,
              ConfigParseOptions.defaults()
                  .setSyntax(ConfigSyntax.CONF)
                  .setOriginDescription(location)
                  .setIncluder(new NoIncludes()));
      RepeatedKeys repeated = new RepeatedKeys(text, problems);
      Config resolved = resolve(Overrides.over(file, sets, problems), repeated.secrets());
      repeated.checkJoined(resolved);
      return new PlanParser(location, resolved.root(), problems).read(jobVersion);
    } catch (ConfigException e) {
      throw new InvalidPlanException(List.of(problem(location, e)));
    } catch (StackOverflowError e) {
      throw new InvalidPlanException(
          location,
          "its substitutions lead from one to the next without an end in sight; write the values");
    }
  }

  /**
   * The settings of a plan that sets none.
   *
   * @param sets as {@link #read} has them
   * @throws InvalidPlanException with every problem
   */
  public static Settings settings(List<String> sets) {
    return alone(sets, false).settings();
  }

  /** The same for a command that calls hooks, which these may be. */
  public static Settings settingsWithHooks(List<String> sets) {
    return alone(sets, true).settings();
  }

  private static SettingsParser alone(List<String> sets, boolean callsHooks) {
    FoundProblems problems = new FoundProblems("--set");
    Config over = Overrides.over(ConfigFactory.empty(), sets, problems);
    Node node = new Node(over.root(), "the plan", "", problems);
    SettingsParser settings = new SettingsParser(node, new SqlCheck(List.of()));
    if (!callsHooks && node.value(Hooks.KEY).isPresent()) {
      node.problem(
          Hooks.KEY, "has no meaning here: only run and undo --execute call hooks; leave it out");
    }
    node.done();
    problems.throwIfAny();
    return settings;
  }

  /**
   * The limits of a plan that sets none.
   *
   * @param sets as {@link #read} has them
   * @throws InvalidPlanException with every problem
   */
  public static Limits limits(List<String> sets) {
    return alone(sets, true).limits();
  }

  /** Names of the plans that travel with the job, sorted. */
  public static List<String> shipped() {
    return Shipped.names();
  }

  /** The text of a plan that travels with the job. */
  public static Optional<String> shippedText(String name) {
    return Shipped.text(name);
  }

  /** The first sentence of the comment at the head of a plan's text; empty where there is none. */
  public static String description(String text) {
    String comment =
        head(text)
            .map(line -> line.replaceFirst("^#+\\s*", ""))
            .collect(Collectors.joining(" "))
            .strip();
    Matcher sentence = SENTENCE.matcher(comment);
    return sentence.matches() ? sentence.group(1) : comment;
  }

  /** The comment at the head of a plan's text, as it is laid out there; empty where none is. */
  public static String page(String text) {
    return head(text)
        .map(line -> line.replaceFirst("^# ?", ""))
        .collect(Collectors.joining("\n"))
        .strip();
  }

  private static Stream<String> head(String text) {
    return text.lines().dropWhile(String::isBlank).takeWhile(line -> line.startsWith("#"));
  }

  /** A secret is refused anyway: it gets a mask, so that no message can show it. */
  private static Config resolve(Config file, Set<String> secrets) {
    Config masks = ConfigFactory.empty();
    for (String secret : secrets) {
      masks = masks.withValue(secret, ConfigValueFactory.fromAnyRef("(secret)"));
    }
    return secrets.isEmpty() ? file.resolve() : file.resolveWith(file.withFallback(masks));
  }

  private static InvalidPlanException.Problem problem(String location, ConfigException e) {
    ConfigOrigin origin = e.origin();
    String message = e.getMessage();
    if (origin != null && message.startsWith(origin.description() + ": ")) {
      message = message.substring(origin.description().length() + 2);
    }
    // the parser's guesses go: that the file be renamed .properties, that a brace be quoted
    message = message.replaceFirst("(?s) \\(if you (intended|want) .*", "");
    if (message.matches("(?s)(expecting )?include .*")) {
      message = RepeatedKeys.NO_INCLUDE;
    }
    Matcher substitution = SUBSTITUTION.matcher(message);
    if (e instanceof ConfigException.UnresolvedSubstitution
        && message.startsWith("Could not resolve")
        && substitution.find()) {
      message =
          substitution.group()
              + " has no value: it is neither a key of the plan nor set in the environment";
    }
    int line = origin == null ? 0 : Math.max(0, origin.lineNumber());
    return new InvalidPlanException.Problem(
        location, line, message.replaceAll("\\s+", " ").strip());
  }

  /**
   * Reads nothing for an {@code include}, which {@link RepeatedKeys} reports: no file, no address,
   * no resource.
   */
  private static final class NoIncludes
      implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {

    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
      return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
      return ConfigFactory.empty().root();
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
      return ConfigFactory.empty().root();
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
      return ConfigFactory.empty().root();
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
      return ConfigFactory.empty().root();
    }
  }
}
