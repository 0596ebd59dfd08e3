package backfill.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A server that encrypts, whose certificate an authority of the test's own has signed for {@code
 * localhost}. The files are {@code ca.crt}, {@code other.crt} (another authority's), and for
 * clients {@code client.crt} with {@code client.pk8}.
 */
public final class TestingSecureServer implements AutoCloseable {
  private static final String STORE_PASSWORD = "changeit";
  private static final char[] STORE_SECRET = STORE_PASSWORD.toCharArray();

  private static final Set<PosixFilePermission> ONLY_OURS =
      PosixFilePermissions.fromString("rw-------");

  public final Path directory;
  private final EmbeddedPostgres server;

  private TestingSecureServer(Path directory, EmbeddedPostgres server) {
    this.directory = directory;
    this.server = server;
  }

  /**
   * Starts it.
   *
   * @param rules of pg_hba.conf, before the one that trusts postgres
   */
  public static TestingSecureServer start(Path directory, String... rules) throws Exception {
    pair(directory, "ca", "CN=authority", "-ext", "bc:c=ca:true");
    pair(directory, "other", "CN=another authority", "-ext", "bc:c=ca:true");
    pair(directory, "server", "CN=a server");
    signed(directory, "server", "san=dns:localhost");
    pair(directory, "client", "CN=certified");
    signed(directory, "client", "ku:c=digitalSignature");
    EmbeddedPostgres server =
        EmbeddedPostgres.builder()
            .setPGStartupWait(Duration.ofMinutes(2))
            .setServerConfig("ssl", "on")
            .setServerConfig("ssl_cert_file", directory.resolve("server.crt").toString())
            .setServerConfig("ssl_key_file", directory.resolve("server.key").toString())
            .setServerConfig("ssl_ca_file", directory.resolve("ca.crt").toString())
            .start();
    TestingSecureServer secure = new TestingSecureServer(directory, server);
    List<String> all = new ArrayList<>(List.of(rules));
    all.add("host all postgres all trust");
    Files.write(Path.of(secure.asked("SHOW hba_file")), all);
    secure.execute("SELECT pg_reload_conf()");
    while (!secure
        .asked("SELECT count(*) FROM pg_hba_file_rules")
        .equals(Integer.toString(all.size()))) {
      Thread.onSpinWait();
    }
    return secure;
  }

  /** A key, and a certificate that it has signed itself. */
  private static void pair(Path directory, String name, String subject, String... more)
      throws Exception {
    List<String> words =
        new ArrayList<>(
            List.of("-genkeypair", "-keyalg", "EC", "-dname", subject, "-validity", "3650"));
    words.addAll(List.of(more));
    keytool(directory, name, words);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(directory.resolve(name + ".p12"))) {
      keys.load(in, STORE_SECRET);
    }
    byte[] key = keys.getKey("a", STORE_SECRET).getEncoded();
    Path binary = Files.write(directory.resolve(name + ".pk8"), key);
    Files.setPosixFilePermissions(binary, ONLY_OURS);
    write(directory.resolve(name + ".key"), "PRIVATE KEY", key);
    write(directory.resolve(name + ".crt"), "CERTIFICATE", keys.getCertificate("a").getEncoded());
  }

  /** Replaces the certificate by one of the authority's. */
  private static void signed(Path directory, String name, String extension) throws Exception {
    String request = directory.resolve(name + ".csr").toString();
    keytool(directory, name, List.of("-certreq", "-file", request));
    keytool(
        directory,
        "ca",
        List.of(
            "-gencert",
            "-rfc",
            "-validity",
            "3650",
            "-ext",
            extension,
            "-infile",
            request,
            "-outfile",
            directory.resolve(name + ".crt").toString()));
  }

  private static void keytool(Path directory, String store, List<String> words) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1"));
    command.addAll(words);
    command.addAll(
        List.of(
            "-alias",
            "a",
            "-keystore",
            directory.resolve(store + ".p12").toString(),
            "-storepass",
            STORE_PASSWORD));
    Process made = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(made.getInputStream().readAllBytes());
    if (made.waitFor() != 0) {
      throw new AssertionError(said);
    }
  }

  private static void write(Path file, String kind, byte[] bytes) throws IOException {
    Files.writeString(
        file,
        "-----BEGIN %s-----\n%s\n-----END %s-----\n"
            .formatted(
                kind, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes), kind));
    Files.setPosixFilePermissions(file, ONLY_OURS);
  }

  public int port() {
    return server.getPort();
  }

  /** A URL of it, by this name of its host, with these parameters of which each may name a file. */
  public String url(String host, String... parameters) {
    String all =
        String.join(
            "&", Stream.of(parameters).map(each -> each.replace("@", directory + "/")).toList());
    return "jdbc:postgresql://"
        + host
        + ":"
        + port()
        + "/postgres"
        + (all.isEmpty() ? "" : "?" + all);
  }

  private Connection connection() throws SQLException {
    return DriverManager.getConnection(url("127.0.0.1"), "postgres", "");
  }

  public void execute(String... statements) throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** The only value of a query's only row. */
  public String asked(String sql) throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
