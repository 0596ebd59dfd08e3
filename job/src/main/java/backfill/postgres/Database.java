package backfill.postgres;

import backfill.plan.InvalidPlan;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.postgresql.Driver;

/**
 * One database as the environment names it: where it is, as whom we log in, and how to open a
 * connection. Serializable, because executors open their own connections; its text never shows the
 * password.
 */
public final class Database implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String prefix;
  private final String url;
  private final String readUrl;
  private final String user;
  private final String password;
  private final String passwordFile;
  private final Duration connectTimeout;

  private Database(
      String prefix,
      String url,
      String readUrl,
      String user,
      String password,
      String passwordFile,
      Duration connectTimeout) {
    this.prefix = prefix;
    this.url = url;
    this.readUrl = readUrl;
    this.user = user;
    this.password = password;
    this.passwordFile = passwordFile;
    this.connectTimeout = connectTimeout;
  }

  /**
   * The database of {@code PREFIX_URL}, {@code _USER}, {@code _PASSWORD} or {@code _PASSWORD_FILE},
   * {@code _READ_URL}.
   *
   * @throws InvalidPlan naming every variable that is missing or wrong
   */
  public static Database fromEnvironment(
      String prefix, Map<String, String> environment, Duration connectTimeout) {
    List<InvalidPlan.Problem> problems = problems(prefix, environment);
    if (!problems.isEmpty()) {
      throw new InvalidPlan(problems);
    }
    String readUrl = environment.get(prefix + "_READ_URL");
    return new Database(
        prefix,
        environment.get(prefix + "_URL"),
        readUrl == null || readUrl.isBlank() ? null : readUrl,
        environment.get(prefix + "_USER"),
        environment.get(prefix + "_PASSWORD"),
        environment.get(prefix + "_PASSWORD_FILE"),
        connectTimeout);
  }

  /** Every variable of a database that is missing or wrong. */
  static List<InvalidPlan.Problem> problems(String prefix, Map<String, String> environment) {
    List<InvalidPlan.Problem> problems = new ArrayList<>();
    String url = environment.get(prefix + "_URL");
    if (url == null || url.isBlank()) {
      problems.add(
          new InvalidPlan.Problem(
              prefix + "_URL",
              0,
              "not set; set it to the database's JDBC URL, as in jdbc:postgresql://host:5432/name"));
    } else if (!url.startsWith("jdbc:postgresql:")) {
      problems.add(
          new InvalidPlan.Problem(
              prefix + "_URL",
              0,
              notOurs(url)
                  + "; expected jdbc:postgresql://host:5432/name, without user and password"));
    }
    String readUrl = environment.get(prefix + "_READ_URL");
    if (readUrl != null && !readUrl.isBlank() && !readUrl.startsWith("jdbc:postgresql:")) {
      problems.add(
          new InvalidPlan.Problem(
              prefix + "_READ_URL",
              0,
              notOurs(readUrl)
                  + "; expected jdbc:postgresql://replica:5432/name, without user and password"));
    }
    String password = environment.get(prefix + "_PASSWORD");
    String passwordFile = environment.get(prefix + "_PASSWORD_FILE");
    if (password != null && passwordFile != null) {
      problems.add(
          new InvalidPlan.Problem(
              prefix + "_PASSWORD_FILE", 0, "set together with " + prefix + "_PASSWORD; set one"));
    } else if (passwordFile != null && !Files.isReadable(Path.of(passwordFile))) {
      problems.add(
          new InvalidPlan.Problem(
              prefix + "_PASSWORD_FILE", 0, "names " + passwordFile + ", which cannot be read"));
    }
    return problems;
  }

  /** No more of it than its scheme: a password may be anywhere behind. */
  private static String notOurs(String url) {
    int colon = url.indexOf(':', url.startsWith("jdbc:") ? "jdbc:".length() : 0);
    return "is not a PostgreSQL JDBC URL"
        + (colon < 0 ? "" : ": it begins with " + url.substring(0, colon + 1));
  }

  /**
   * The database of a sink that is used alone: its options say what the environment says for the
   * job.
   */
  public static Database at(String url, String user, String password, Duration connectTimeout) {
    if (!url.startsWith("jdbc:postgresql:")) {
      throw new IllegalArgumentException(
          "option url is not a PostgreSQL JDBC URL; expected jdbc:postgresql://host:5432/name");
    }
    return new Database("url", url, null, user, password, null, connectTimeout);
  }

  /**
   * What {@link #fromOptions} needs to open the same connections on another machine; holds the
   * password.
   */
  public Map<String, String> toOptions() {
    Map<String, String> options = new HashMap<>();
    options.put("url", readUrl());
    options.put("backfill.prefix", prefix);
    options.put("backfill.connectTimeoutMillis", Long.toString(connectTimeout.toMillis()));
    if (user != null) {
      options.put("user", user);
    }
    if (password != null) {
      options.put("password", password);
    }
    if (passwordFile != null) {
      options.put("backfill.passwordFile", passwordFile);
    }
    return options;
  }

  /** The database that {@link #toOptions} described, for reading. */
  public static Database fromOptions(Map<String, String> options) {
    return new Database(
        options.get("backfill.prefix"),
        options.get("url"),
        null,
        options.get("user"),
        options.get("password"),
        options.get("backfill.passwordFile"),
        Duration.ofMillis(Long.parseLong(options.get("backfill.connectTimeoutMillis"))));
  }

  /** A connection to where rows are written, in autocommit, with this {@code application_name}. */
  public Connection connect(String applicationName) throws SQLException {
    return open(url, applicationName);
  }

  /**
   * Likewise, with options of the server's own for this session; a pooler may refuse them, and what
   * the URL says of them goes before.
   */
  Connection connect(String applicationName, String serverOptions) throws SQLException {
    Properties properties = properties(applicationName);
    properties.setProperty("options", serverOptions);
    return open(url, properties);
  }

  /** A connection to where rows are read: the replica, where one is named. */
  public Connection connectForReading(String applicationName) throws SQLException {
    return open(readUrl(), applicationName);
  }

  /** The same, read where it is written. */
  public Database atPrimary() {
    return new Database(prefix, url, null, user, password, passwordFile, connectTimeout);
  }

  /** Whether reading happens on another server than writing. */
  public boolean readsElsewhere() {
    return readUrl != null;
  }

  /** Where rows are read. */
  public String readUrl() {
    return readUrl == null ? url : readUrl;
  }

  /** The environment's prefix, for messages that say what to set. */
  public String prefix() {
    return prefix;
  }

  private Connection open(String at, String applicationName) throws SQLException {
    return open(at, properties(applicationName));
  }

  private static Connection open(String at, Properties properties) throws SQLException {
    if (Driver.parseURL(at, null) == null) {
      // The driver manager's own message would quote the URL whole, a password in it included.
      throw new SQLException(
          "the driver cannot read this URL; expected jdbc:postgresql://host:5432/name");
    }
    return DriverManager.getConnection(at, properties);
  }

  /**
   * Settings of one connection. {@code prepareThreshold=0}: a named prepared statement would
   * outlive its transaction, and behind transaction pooling the next one runs on another server
   * session.
   */
  private Properties properties(String applicationName) throws SQLException {
    Properties properties = new Properties();
    if (user != null) {
      properties.setProperty("user", user);
    }
    Optional<String> secret = secret();
    if (secret.isPresent()) {
      properties.setProperty("password", secret.get());
    }
    properties.setProperty("ApplicationName", applicationName);
    properties.setProperty("connectTimeout", Long.toString(connectTimeout.toSeconds()));
    properties.setProperty("loginTimeout", Long.toString(connectTimeout.toSeconds()));
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("prepareThreshold", "0");
    return properties;
  }

  /** Read again for each connection: a rotated password must not end a long run. */
  private Optional<String> secret() throws SQLException {
    if (passwordFile == null) {
      return Optional.ofNullable(password);
    }
    try {
      return Optional.of(Files.readString(Path.of(passwordFile)).strip());
    } catch (IOException e) {
      throw new SQLException(
          "cannot read the password from "
              + passwordFile
              + ", named by "
              + prefix
              + "_PASSWORD_FILE",
          "28000",
          e);
    }
  }

  /** Without the password, and without the URL's parameters, which may hold one. */
  @Override
  public String toString() {
    return (user == null ? "" : user + " at ") + address();
  }

  /** The URL without its parameters. */
  public String address() {
    int parameters = url.indexOf('?');
    return parameters < 0 ? url : url.substring(0, parameters);
  }
}
