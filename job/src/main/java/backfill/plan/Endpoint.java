package backfill.plan;

import com.typesafe.config.ConfigValue;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;

/**
 * Where something is sent by HTTP. It has no secret in it: what a server asks for comes from the
 * environment.
 *
 * @param address with http or https, and a host
 */
public record Endpoint(URI address) {
  private static final String EXPECTED =
      " must be an http or https URL, as in http://gateway.example.org:9091";

  private static final String OR_NONE = ", or none";

  /**
   * What a value of the plan says; empty for {@code none}.
   *
   * @throws IllegalArgumentException naming the key and what was expected, and the value where it
   *     holds no secret
   */
  static Optional<Endpoint> parse(String key, ConfigValue value) {
    if (!(value.unwrapped() instanceof String text)) {
      throw new IllegalArgumentException(
          key + EXPECTED + OR_NONE + ", got " + Node.describe(value));
    }
    return text.strip().equals(Measure.NONE)
        ? Optional.empty()
        : Optional.of(of(key, OR_NONE, text, "BACKFILL_METRICS_AUTHORIZATION"));
  }

  /**
   * What a variable of the environment says.
   *
   * @param secret the variable for what the server asks for
   * @throws InvalidPlanException naming the variable and what was expected
   */
  public static Endpoint ofVariable(String variable, String text, String secret) {
    try {
      return of("", "", text, secret);
    } catch (IllegalArgumentException e) {
      throw new InvalidPlanException(variable, e.getMessage().strip());
    }
  }

  private static Endpoint of(String key, String orNone, String text, String secret) {
    URI address;
    try {
      address = new URI(text.strip());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(key + EXPECTED + orNone + ", got " + shown(text));
    }
    if (text.contains("@") || text.contains("?") || text.contains("#")) {
      throw new IllegalArgumentException(
          key
              + " must be without user, password, parameters and fragment, got "
              + shown(text)
              + "; put what its server asks for into "
              + secret);
    }
    boolean http =
        "http".equalsIgnoreCase(address.getScheme())
            || "https".equalsIgnoreCase(address.getScheme());
    if (!http || address.getHost() == null || address.getPort() > 65_535) {
      throw new IllegalArgumentException(key + EXPECTED + orNone + ", got " + shown(text));
    }
    return new Endpoint(address);
  }

  /** What may be a secret in it is left out: it may stand in a log. */
  private static String shown(String text) {
    return text.strip().replaceFirst("^.*@", "…@").replaceFirst("[?#].*", "?…");
  }

  /** Its address with another path. */
  public URI at(String path) {
    return address.resolve(path);
  }

  /** Its path without a slash at its end; empty where it names none. */
  public String path() {
    return address.getRawPath() == null ? "" : address.getRawPath().replaceFirst("/+$", "");
  }

  /** Scheme, host and port alone: a path may be a key to it. */
  @Override
  public String toString() {
    return address.getScheme()
        + "://"
        + address.getHost()
        + (address.getPort() < 0 ? "" : ":" + address.getPort());
  }
}
