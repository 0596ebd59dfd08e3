package backfill.postgres.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The password file that the driver looks into where it is given no password: {@code ~/.pgpass}, or
 * the one that {@code PGPASSFILE} names. Unlike libpq the driver takes one that others can read.
 */
final class LibpqPasswordFile {
  private static final String PASSWORD = "password";

  private static final Set<PosixFilePermission> OF_OTHERS =
      EnumSet.complementOf(
          EnumSet.of(
              PosixFilePermission.OWNER_READ,
              PosixFilePermission.OWNER_WRITE,
              PosixFilePermission.OWNER_EXECUTE));

  private LibpqPasswordFile() {}

  /** Opens a connection. */
  @FunctionalInterface
  interface Opening {
    Connection open() throws SQLException;
  }

  /**
   * What opening a connection with these properties gives; a file that the driver must not use, or
   * cannot read, is named where it is the reason that there is none.
   *
   * @param properties get an empty password where the driver would look into such a file
   */
  static Connection watched(Properties properties, Opening opening) throws SQLException {
    Optional<Path> leftAside =
        properties.getProperty(PASSWORD) == null ? openToOthers() : Optional.empty();
    leftAside.ifPresent(file -> properties.setProperty(PASSWORD, ""));
    try {
      return opening.open();
    } catch (SQLException e) {
      if (leftAside.isPresent() && ConnectionAdvice.rejected(e)) {
        throw new SQLException(
            "%s; the password file %s was not used, because others than its owner have rights to it: chmod 600"
                .formatted(e.getMessage(), leftAside.get()),
            e.getSQLState(),
            e);
      }
      throw e;
    } catch (StringIndexOutOfBoundsException e) {
      throw new SQLException(
          "cannot read the password file %s: a line of it is not host:port:database:user:password"
              .formatted(file()),
          SqlState.INVALID_AUTHORIZATION.code(),
          e);
    }
  }

  /** The file, if it is there and others than its owner may read or write it. */
  private static Optional<Path> openToOthers() {
    try {
      Path file = file();
      return Files.isRegularFile(file)
              && Files.getPosixFilePermissions(file).stream().anyMatch(OF_OTHERS::contains)
          ? Optional.of(file)
          : Optional.empty();
    } catch (IOException | InvalidPathException | UnsupportedOperationException e) {
      // The driver will say what is wrong with it, and elsewhere there are no such rights.
      return Optional.empty();
    }
  }

  /** In the driver's order. */
  private static Path file() {
    return Stream.of(System.getProperty("org.postgresql.pgpassfile"), System.getenv("PGPASSFILE"))
        .filter(name -> name != null && !name.isBlank())
        .findFirst()
        .map(Path::of)
        .orElse(Path.of(System.getProperty("user.home"), ".pgpass"));
  }
}
