package backfill.postgres.server;

import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;

/**
 * One database as the environment names it: where it is, as whom we log in, and how to open a
 * connection. Serializable, because executors open their own connections; its text never shows the
 * password.
 */
public final class Database implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The zone of sessions that belong to no plan, and of a plan that names none. */
  private static final String UTC = Plan.UTC;

  private static final Pattern ONE_NEWLINE = Pattern.compile("\\r?\\n\\z");

  private final String prefix;
  private final String url;
  private final String readUrl;
  private final Login login;
  private final Duration connectTimeout;
  private final String timeZone;

  /**
   * By whom it is opened; each may be null. It never shows the password.
   *
   * @param passwordFile read again for each connection
   */
  private record Login(String user, String password, String passwordFile) implements Serializable {
    @Override
    public String toString() {
      return String.valueOf(user);
    }
  }

  private Database(
      String prefix,
      String url,
      String readUrl,
      Login login,
      Duration connectTimeout,
      String timeZone) {
    this.prefix = prefix;
    this.url = url;
    this.readUrl = readUrl;
    this.login = login;
    this.connectTimeout = connectTimeout;
    this.timeZone = timeZone;
  }

  /**
   * The database of {@code PREFIX_URL}, {@code _USER}, {@code _PASSWORD} or {@code _PASSWORD_FILE},
   * {@code _READ_URL}.
   *
   * @throws InvalidPlanException naming every variable that is missing or wrong
   */
  public static Database fromEnvironment(
      String prefix, Map<String, String> environment, Duration connectTimeout) {
    List<InvalidPlanException.Problem> problems = problems(prefix, environment);
    if (!problems.isEmpty()) {
      throw new InvalidPlanException(problems);
    }
    return new Database(
        prefix,
        environment.get(prefix + "_URL"),
        given(prefix + "_READ_URL", environment),
        new Login(
            given(prefix + "_USER", environment),
            given(prefix + "_PASSWORD", environment),
            given(prefix + "_PASSWORD_FILE", environment)),
        connectTimeout,
        UTC);
  }

  /** Null where it is not set, or set to nothing, as a template leaves what it has no value for. */
  private static String given(String variable, Map<String, String> environment) {
    String value = environment.get(variable);
    return value == null || value.isEmpty() ? null : value;
  }

  /** This database, with sessions of this time zone. */
  Database inZone(String zone) {
    return new Database(prefix, url, readUrl, login, connectTimeout, zone);
  }

  /** Every variable of a database that is missing or wrong. */
  static List<InvalidPlanException.Problem> problems(
      String prefix, Map<String, String> environment) {
    List<InvalidPlanException.Problem> problems = new ArrayList<>();
    String url = environment.get(prefix + "_URL");
    if (url == null || url.isBlank()) {
      problems.add(
          new InvalidPlanException.Problem(
              prefix + "_URL",
              0,
              "not set; set it to the database's JDBC URL, as in " + JdbcUrl.EXAMPLE));
    } else {
      checkUrl(prefix, prefix + "_URL", url, problems);
    }
    String readUrl = given(prefix + "_READ_URL", environment);
    if (readUrl != null) {
      checkUrl(prefix, prefix + "_READ_URL", readUrl, problems);
    }
    String password = given(prefix + "_PASSWORD", environment);
    String passwordFile = given(prefix + "_PASSWORD_FILE", environment);
    if (password != null && passwordFile != null) {
      problems.add(
          new InvalidPlanException.Problem(
              prefix + "_PASSWORD_FILE", 0, "set together with " + prefix + "_PASSWORD; set one"));
    } else if (passwordFile != null) {
      unreadable(passwordFile)
          .ifPresent(
              why ->
                  problems.add(
                      new InvalidPlanException.Problem(
                          prefix + "_PASSWORD_FILE",
                          0,
                          "names " + passwordFile + ", which " + why)));
    }
    return problems;
  }

  private static Optional<String> unreadable(String file) {
    try {
      Path path = Path.of(file);
      return Files.isDirectory(path)
          ? Optional.of("is a directory; name a file")
          : Files.isReadable(path) ? Optional.empty() : Optional.of("cannot be read");
    } catch (InvalidPathException e) {
      return Optional.of("is no path: " + e.getReason());
    }
  }

  private static void checkUrl(
      String prefix, String variable, String url, List<InvalidPlanException.Problem> problems) {
    JdbcUrl.problem(url, prefix + "_USER", prefix + "_PASSWORD or " + prefix + "_PASSWORD_FILE")
        .ifPresent(problem -> problems.add(new InvalidPlanException.Problem(variable, 0, problem)));
  }

  /**
   * The database of a sink that is used alone: its options say what the environment says for the
   * job.
   */
  public static Database at(String url, String user, String password, Duration connectTimeout) {
    JdbcUrl.problem(url, "option user", "option password")
        .ifPresent(
            problem -> {
              throw new IllegalArgumentException("option url " + problem);
            });
    return new Database("url", url, null, new Login(user, password, null), connectTimeout, UTC);
  }

  /**
   * What {@link #fromOptions} needs to open the same connections on another machine; holds the
   * password.
   */
  public Map<String, String> toOptions() {
    Map<String, String> options = new HashMap<>();
    options.put("url", readUrl());
    options.put("backfill.prefix", prefix);
    options.put("backfill.timeZone", timeZone);
    options.put("backfill.connectTimeoutMillis", Long.toString(connectTimeout.toMillis()));
    if (login.user() != null) {
      options.put("user", login.user());
    }
    if (login.password() != null) {
      options.put("password", login.password());
    }
    if (login.passwordFile() != null) {
      options.put("backfill.passwordFile", login.passwordFile());
    }
    return options;
  }

  /** The database that {@link #toOptions} described, for reading. */
  public static Database fromOptions(Map<String, String> options) {
    return new Database(
        options.get("backfill.prefix"),
        options.get("url"),
        null,
        new Login(
            options.get("user"), options.get("password"), options.get("backfill.passwordFile")),
        Duration.ofMillis(Long.parseLong(options.get("backfill.connectTimeoutMillis"))),
        options.get("backfill.timeZone"));
  }

  /** A connection to where rows are written, in autocommit, with this {@code application_name}. */
  public Connection connect(String applicationName) throws SQLException {
    return open(url, applicationName);
  }

  /** A connection to where rows are read: the replica, where one is named. */
  public Connection connectForReading(String applicationName) throws SQLException {
    return open(readUrl(), applicationName);
  }

  /** This database, read where it is written and not at a replica. */
  public Database atPrimary() {
    return new Database(prefix, url, null, login, connectTimeout, timeZone);
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
    return SessionStart.open(at, properties(applicationName), timeZone);
  }

  /**
   * Settings of one connection. {@code prepareThreshold=0}: a named prepared statement would
   * outlive its transaction, and behind transaction pooling the next one runs on another server
   * session. {@code assumeMinServerVersion}: or the driver would set the name and the digits of
   * floats by statements of its own, which stay in a pooler's session; preflight refuses an older
   * server.
   */
  private Properties properties(String applicationName) throws SQLException {
    Properties properties = new Properties();
    if (login.user() != null) {
      properties.setProperty("user", login.user());
    }
    Optional<String> secret = secret();
    if (secret.isPresent()) {
      properties.setProperty("password", secret.get());
    }
    properties.setProperty("ApplicationName", applicationName);
    properties.setProperty("assumeMinServerVersion", "14");
    properties.setProperty("connectTimeout", Long.toString(connectTimeout.toSeconds()));
    properties.setProperty("loginTimeout", Long.toString(connectTimeout.toSeconds()));
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("prepareThreshold", "0");
    return properties;
  }

  /** Read again for each connection: a rotated password must not end a long run. */
  private Optional<String> secret() throws SQLException {
    if (login.passwordFile() == null) {
      return Optional.ofNullable(login.password());
    }
    try {
      String text = Files.readString(Path.of(login.passwordFile()));
      // An editor ends the file with it; a blank may be the password's own.
      return Optional.of(ONE_NEWLINE.matcher(text).replaceFirst(""));
    } catch (IOException e) {
      throw new SQLException(
          "cannot read the password from "
              + login.passwordFile()
              + ", named by "
              + prefix
              + "_PASSWORD_FILE",
          SqlState.INVALID_AUTHORIZATION.code(),
          e);
    }
  }

  /** The role and the place, without a secret. */
  @Override
  public String toString() {
    return (login.user() == null ? "" : login.user() + " at ") + "jdbc:postgresql://" + address();
  }

  /** Where rows are written: host, port and database, for people. */
  public String address() {
    return JdbcUrl.address(url);
  }

  /** Where rows are read, for people. */
  public String readAddress() {
    return JdbcUrl.address(readUrl());
  }
}
