package backfill.postgres.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * Whether a JDBC URL can be used, and how it is shown: server and database as the driver
 * understands them, and nothing else of it, because a secret may stand anywhere in the rest.
 */
final class JdbcUrl {
  static final String EXAMPLE = "jdbc:postgresql://host:5432/name";
  private static final String SCHEME = "jdbc:postgresql:";

  /** What may be shown of a URL that is another system's. */
  private static final Pattern OTHER_SCHEME =
      Pattern.compile("(jdbc:[a-z][a-z0-9]*:|[a-z][a-z0-9+]*:(?=//)).*", Pattern.DOTALL);

  /** The driver logs a URL whole, if it is not of this shape. */
  private static final Pattern SHAPE =
      Pattern.compile(
          SCHEME + "(//(?<hosts>[^/?]*)/)?[^/?:;&=#\\s]*(\\?[^\\s]*)?|" + SCHEME + "//",
          Pattern.DOTALL);

  private static final Pattern HOST =
      Pattern.compile("(\\[[0-9A-Fa-f:.]*(%\\w+)?]|[\\p{L}\\p{N}._-]*)(:\\d{1,5})?");

  /** What the driver does not know is logged by it all the same. */
  private static final Pattern SECRET =
      Pattern.compile("(pass(?!wordcallback)|pwd|secret|token|credential)[^=&?;/]*=");

  private JdbcUrl() {}

  /**
   * Why it cannot be used, without a word of it.
   *
   * @param user what else gives the role, for the message
   * @param password what else gives its password
   */
  static Optional<String> problem(String url, String user, String password) {
    if (!url.startsWith(SCHEME)) {
      return Optional.of(notOurs(url) + "; expected " + EXAMPLE + ", without user and password");
    }
    if (beforeParameters(url).contains("@")) {
      return Optional.of(
          "has an @ in its address, and what stands before one may be a password; expected %s, the role in %s and its password in %s"
              .formatted(EXAMPLE, user, password));
    }
    if (holdsSecret(url)) {
      return Optional.of(
          "holds a password, which would be seen wherever the URL is; take it out, and give it in "
              + password
              + ". A client key in sslkey must be one without a password");
    }
    return parsed(url).isPresent()
        ? Optional.empty()
        : Optional.of(
            "cannot be read by the driver; expected " + EXAMPLE + ", then ? and parameters");
  }

  /** No more of it than its scheme. */
  private static String notOurs(String url) {
    Matcher other = OTHER_SCHEME.matcher(url);
    return "is not a PostgreSQL JDBC URL"
        + (other.matches() ? ": it begins with " + other.group(1) : "");
  }

  private static String beforeParameters(String url) {
    int parameters = url.indexOf('?');
    return parameters < 0 ? url : url.substring(0, parameters);
  }

  private static boolean holdsSecret(String url) {
    return SECRET.matcher(url.toLowerCase(Locale.ROOT)).find()
        || SECRET.matcher(decoded(url).toLowerCase(Locale.ROOT)).find();
  }

  private static String decoded(String url) {
    try {
      return URLDecoder.decode(url, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // The driver refuses it, too.
      return url;
    }
  }

  private static Optional<Properties> parsed(String url) {
    Matcher shape = SHAPE.matcher(url);
    if (!shape.matches() || !hosts(shape.group("hosts"))) {
      return Optional.empty();
    }
    // Else the driver would look for one, in a file that may be broken.
    Properties password = new Properties();
    password.setProperty("password", "");
    return Optional.ofNullable(Driver.parseURL(url, password));
  }

  private static boolean hosts(String hosts) {
    return hosts == null
        || List.of(hosts.split(",", -1)).stream().allMatch(HOST.asMatchPredicate());
  }

  /** The same URL without these parameters. */
  static String without(String url, Set<String> names) {
    String address = beforeParameters(url);
    if (address.length() == url.length()) {
      return url;
    }
    String kept =
        Stream.of(url.substring(address.length() + 1).split("&"))
            .filter(parameter -> !names.contains(parameter.replaceFirst("=.*", "")))
            .collect(Collectors.joining("&"));
    return kept.isEmpty() ? address : address + "?" + kept;
  }

  /** Hosts, ports and database, for people; nothing of a URL that the driver cannot read. */
  static String address(String url) {
    return parsed(url).map(JdbcUrl::address).orElse("an address that cannot be read");
  }

  /** The one address that it means; empty where it names several hosts, or a name has several. */
  static Optional<InetSocketAddress> onlyAddress(String url) {
    Properties parsed = parsed(url).orElseThrow();
    String host = PGProperty.PG_HOST.getOrDefault(parsed);
    if (host.contains(",")) {
      return Optional.empty();
    }
    try {
      InetAddress[] addresses = InetAddress.getAllByName(host);
      return addresses.length == 1
          ? Optional.of(
              new InetSocketAddress(
                  addresses[0], Integer.parseInt(PGProperty.PG_PORT.getOrDefault(parsed))))
          : Optional.empty();
    } catch (UnknownHostException e) {
      // The driver says so when it connects.
      return Optional.empty();
    }
  }

  /** The same URL with more options for the server, which count for more than its own. */
  static String withOptions(String url, String more) {
    String own = parsed(url).map(PGProperty.OPTIONS::getOrDefault).orElse(null);
    String all = own == null ? more : own + " " + more;
    return url
        + (url.contains("?") ? "&" : "?")
        + PGProperty.OPTIONS.getName()
        + "="
        + URLEncoder.encode(all, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static String address(Properties parsed) {
    List<String> hosts = List.of(PGProperty.PG_HOST.getOrDefault(parsed).split(","));
    List<String> ports = List.of(PGProperty.PG_PORT.getOrDefault(parsed).split(","));
    List<String> servers = new ArrayList<>();
    for (int i = 0; i < hosts.size(); i++) {
      servers.add(hosts.get(i) + ":" + ports.get(Math.min(i, ports.size() - 1)));
    }
    String database = PGProperty.PG_DBNAME.getOrDefault(parsed);
    return servers.stream().collect(Collectors.joining(","))
        + "/"
        + (database == null ? "" : database);
  }
}
