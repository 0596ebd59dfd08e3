package backfill.postgres.server;

import backfill.plan.InvalidPlanException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;

/**
 * By whom a database is opened; each may be null. It never shows the password, nor does what Java
 * makes of it to be sent.
 *
 * @param passwordFile read again for each connection
 */
record Login(String user, MaskedSecret password, String passwordFile) implements Serializable {
  /** The password as it is at the moment. */
  @FunctionalInterface
  interface SecretNow {
    Optional<String> get() throws SQLException;
  }

  private static final String USER = "user";
  private static final String PASSWORD_FILE = "backfill.passwordFile";

  /** Spark's own redaction knows it by its name, too. */
  private static final String PASSWORD = "backfill.maskedPassword";

  /** More is no password: a device has no end. */
  private static final int MOST_BYTES = 64 << 10;

  private static final Pattern ONE_NEWLINE = Pattern.compile("\\r?\\n\\z");

  static Login fromEnvironment(String prefix, Map<String, String> environment) {
    return new Login(
        given(prefix + "_USER", environment),
        MaskedSecret.of(given(prefix + "_PASSWORD", environment)),
        given(prefix + "_PASSWORD_FILE", environment));
  }

  /** Null where it is not set, or set to nothing, as a template leaves what it has no value for. */
  static String given(String variable, Map<String, String> environment) {
    String value = environment.get(variable);
    return value == null || value.isEmpty() ? null : value;
  }

  /** Every variable of it that is wrong. */
  static List<InvalidPlanException.Problem> problems(
      String prefix, Map<String, String> environment) {
    Login login = fromEnvironment(prefix, environment);
    List<InvalidPlanException.Problem> problems = new ArrayList<>();
    String variable = prefix + "_PASSWORD_FILE";
    if (login.password != null && login.passwordFile != null) {
      problems.add(
          new InvalidPlanException.Problem(
              variable, 0, "set together with " + prefix + "_PASSWORD; set one"));
    } else if (login.passwordFile != null) {
      unreadable(login.passwordFile)
          .ifPresent(
              why -> problems.add(new InvalidPlanException.Problem(variable, 0, "names " + why)));
    }
    return problems;
  }

  /** The file and why; not a word of what may be the password itself, set by mistake. */
  private static Optional<String> unreadable(String file) {
    try {
      Path path = Path.of(file);
      if (Files.isDirectory(path)) {
        return Optional.of(file + ", which is a directory; name a file");
      }
      return Files.isReadable(path)
          ? Optional.empty()
          : Optional.of(shown(path) + ", which cannot be read");
    } catch (InvalidPathException e) {
      return Optional.of(file + ", which is no path: " + e.getReason());
    }
  }

  private static String shown(Path path) {
    return path.isAbsolute() || path.getParent() != null && Files.isDirectory(path.getParent())
        ? path.toString()
        : "a file that is not here (not shown, because it may be the password itself)";
  }

  /** Enters what {@link #from} needs on another machine. */
  void into(Map<String, String> options) {
    if (user != null) {
      options.put(USER, user);
    }
    if (password != null) {
      options.put(PASSWORD, password.text());
    }
    if (passwordFile != null) {
      options.put(PASSWORD_FILE, passwordFile);
    }
  }

  static Login from(Map<String, String> options) {
    String masked = options.get(PASSWORD);
    return new Login(
        options.get(USER),
        masked == null ? null : MaskedSecret.ofText(masked),
        options.get(PASSWORD_FILE));
  }

  /** As the driver takes it, with the password as it is now. */
  Properties properties(String prefix) throws SQLException {
    Properties properties = new Properties();
    if (user != null) {
      properties.setProperty("user", user);
    }
    Optional<String> secret = secret(prefix);
    if (secret.isPresent()) {
      properties.setProperty("password", secret.get());
    }
    return properties;
  }

  /** Read again for each connection: a rotated password must not end a long run. */
  Optional<String> secret(String prefix) throws SQLException {
    if (passwordFile == null) {
      return Optional.ofNullable(password).map(MaskedSecret::secret);
    }
    try (InputStream in = Files.newInputStream(Path.of(passwordFile))) {
      byte[] bytes = in.readNBytes(MOST_BYTES);
      if (in.read() >= 0) {
        throw new IOException("it has more than " + MOST_BYTES + " bytes");
      }
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      // An editor ends the file with it; a blank may be the password's own.
      return Optional.of(ONE_NEWLINE.matcher(text).replaceFirst(""));
    } catch (IOException e) {
      throw new SQLException(
          "cannot read the password from "
              + passwordFile
              + ", named by "
              + prefix
              + "_PASSWORD_FILE",
          SqlState.INVALID_AUTHORIZATION.code(),
          e);
    }
  }

  @Override
  public String toString() {
    return String.valueOf(user);
  }
}
