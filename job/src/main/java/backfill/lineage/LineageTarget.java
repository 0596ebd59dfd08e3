package backfill.lineage;

import backfill.plan.Endpoint;
import backfill.plan.InvalidPlanException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where OpenLineage's events go, by the variables that all of its clients know. It names none of
 * their classes: a run that sends nothing loads none.
 *
 * @param file of the clients, which says all; empty where a variable names the place itself
 * @param url that place; empty where a file names it
 * @param environment all variables
 */
public record LineageTarget(
    Optional<Path> file, Optional<Endpoint> url, Map<String, String> environment) {
  private static final String URL = "OPENLINEAGE_URL";
  private static final String CONFIG = "OPENLINEAGE_CONFIG";
  private static final String API_KEY = "OPENLINEAGE_API_KEY";
  private static final String FILE = "openlineage.yml";

  /**
   * What the environment names; empty where it names nothing.
   *
   * @throws InvalidPlanException if that cannot be used
   */
  public static Optional<LineageTarget> in(Map<String, String> environment) {
    if (Boolean.parseBoolean(environment.get("OPENLINEAGE_DISABLED"))) {
      return Optional.empty();
    }
    Optional<Path> named = given(environment, CONFIG).map(Path::of);
    Optional<Endpoint> url =
        named.isPresent()
            ? Optional.empty()
            : given(environment, URL).map(text -> Endpoint.ofVariable(URL, text, API_KEY));
    Optional<Path> file = url.isPresent() ? Optional.empty() : named.or(LineageTarget::usualFile);
    file.ifPresent(found -> checked(named.isPresent() ? CONFIG : FILE, found));
    return file.isPresent() || url.isPresent()
        ? Optional.of(new LineageTarget(file, url, environment))
        : Optional.empty();
  }

  private static Optional<Path> usualFile() {
    return Stream.of(
            Path.of(System.getProperty("user.dir"), FILE),
            Path.of(System.getProperty("user.home"), ".openlineage", FILE))
        .filter(Files::isReadable)
        .findFirst();
  }

  private static void checked(String name, Path file) {
    try {
      EventClient.ofFile(file);
    } catch (RuntimeException e) {
      // What it says may hold what stands in the file, a key to the place for one.
      throw new InvalidPlanException(
          name,
          "must be a file of OpenLineage's clients that can be read, with a transport, got "
              + file);
    }
  }

  private static Optional<String> given(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
  }

  /** The path there, if it is not the usual one. */
  Optional<String> endpoint() {
    return given(environment, "OPENLINEAGE_ENDPOINT");
  }

  /** By which the place knows us. */
  Optional<String> apiKey() {
    return given(environment, API_KEY);
  }

  /** Of the job's name. */
  String namespace() {
    return given(environment, "OPENLINEAGE_NAMESPACE").orElse("backfill");
  }

  /** For people: without a secret. */
  @Override
  public String toString() {
    return url.map(Endpoint::toString)
        .orElseGet(() -> "what " + file.map(Path::toString).orElse("") + " names");
  }
}
