package backfill.postgres.server;

import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import java.io.Serializable;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * One database as the environment names it: where it is, as whom we log in, and how to open a
 * connection. Serializable, because executors open their own connections; its text never shows the
 * password.
 */
public final class Database implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The zone of sessions that belong to no plan, and of a plan that names none. */
  private static final String UTC = Plan.UTC;

  private static final String NAME = "ApplicationName";

  /**
   * What no URL may change, although the driver would let it: {@code prepareThreshold}, because a
   * named prepared statement would outlive its transaction, and behind transaction pooling the next
   * one runs on another server session; {@code assumeMinServerVersion}, or the driver would set the
   * name and the digits of floats by statements of its own, which stay in a pooler's session
   * (preflight refuses an older server), and {@code readOnlyMode}, by which a read-only session
   * would stay one; the others change which statements are sent, and of which types their values
   * are. A name of ours tells our sessions from others.
   */
  private static final Map<String, String> OURS =
      Map.of(
          NAME,
          "backfill",
          "assumeMinServerVersion",
          "14",
          "prepareThreshold",
          "0",
          "readOnlyMode",
          "transaction",
          "preferQueryMode",
          "extended",
          "autosave",
          "never",
          "stringtype",
          "varchar");

  private final String prefix;
  private final String url;
  private final String readUrl;
  private final Login login;
  private final Duration connectTimeout;
  private final String timeZone;

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
        Login.given(prefix + "_READ_URL", environment),
        Login.fromEnvironment(prefix, environment),
        connectTimeout,
        UTC);
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
    String readUrl = Login.given(prefix + "_READ_URL", environment);
    if (readUrl != null) {
      checkUrl(prefix, prefix + "_READ_URL", readUrl, problems);
    }
    problems.addAll(Login.problems(prefix, environment));
    return problems;
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
    return new Database(
        "url", url, null, new Login(user, MaskedSecret.of(password), null), connectTimeout, UTC);
  }

  /**
   * What {@link #fromOptions} needs to open the same connections on another machine; the password
   * is in it, masked, because Spark shows options in many places.
   */
  public Map<String, String> toOptions() {
    Map<String, String> options = new HashMap<>();
    options.put("url", readUrl());
    options.put("backfill.prefix", prefix);
    options.put("backfill.timeZone", timeZone);
    options.put("backfill.connectTimeoutMillis", Long.toString(connectTimeout.toMillis()));
    login.into(options);
    return options;
  }

  /** The database that {@link #toOptions} described, for reading. */
  public static Database fromOptions(Map<String, String> options) {
    return new Database(
        options.get("backfill.prefix"),
        options.get("url"),
        null,
        Login.from(options),
        Duration.ofMillis(Long.parseLong(options.get("backfill.connectTimeoutMillis"))),
        options.get("backfill.timeZone"));
  }

  /** A connection to where rows are written, in autocommit, with this {@code application_name}. */
  public Connection connect(String applicationName) throws SQLException {
    return open(url, applicationName);
  }

  /**
   * The same for a command that can do nothing without it.
   *
   * @throws NotReadyException that says why it cannot be had
   */
  public Connection connectOrSayWhy(String applicationName) {
    try {
      return connect(applicationName);
    } catch (SQLException e) {
      ConnectionFailure failure = ConnectionFailure.of(address(), prefix + "_URL", prefix, e);
      throw new NotReadyException(List.of(failure.reason()), failure.retryable(), e);
    }
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
    Properties properties = properties(applicationName);
    return LibpqPasswordFile.watched(
        properties,
        () ->
            SessionStart.open(
                JdbcUrl.without(at, OURS.keySet()),
                properties,
                () -> login.secret(prefix),
                timeZone));
  }

  private Properties properties(String applicationName) throws SQLException {
    Properties properties = login.properties(prefix);
    properties.putAll(OURS);
    properties.setProperty(NAME, applicationName);
    properties.setProperty("connectTimeout", Long.toString(connectTimeout.toSeconds()));
    properties.setProperty("loginTimeout", Long.toString(connectTimeout.toSeconds()));
    properties.setProperty("tcpKeepAlive", "true");
    return properties;
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

  /** Where rows are written, if that can be one address only. */
  public Optional<InetSocketAddress> onlyAddress() {
    return JdbcUrl.onlyAddress(url);
  }

  /** Where rows are read, if that can be one address only. */
  public Optional<InetSocketAddress> onlyReadAddress() {
    return JdbcUrl.onlyAddress(readUrl());
  }

  /** Where rows are read, for people. */
  public String readAddress() {
    return JdbcUrl.address(readUrl());
  }
}
