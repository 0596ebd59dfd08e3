package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a URL is used and shown: never a secret, wherever in it one stands. */
class JdbcUrlTest {

  @ParameterizedTest
  @CsvSource({
    "jdbc:postgresql://db.example.org:6432/app, db.example.org:6432/app",
    "jdbc:postgresql://db/app?ssl=true&user=me@corp&options=-c%20work_mem=1GB, db:5432/app",
    "'jdbc:postgresql://one:1,two/app?targetServerType=primary', 'one:1,two:5432/app'",
    "jdbc:postgresql://[::1]:5433/app, [::1]:5433/app",
    "jdbc:postgresql:app, localhost:5432/app",
    "jdbc:postgresql://db/, db:5432/",
    "jdbc:postgresql://db/my%20app%40home, db:5432/my app@home",
    "jdbc:postgresql://db/app?sslpasswordcallback=org.example.Callback, db:5432/app",
    "jdbc:postgresql://db/passwords, db:5432/passwords"
  })
  void hostsPortsAndDatabaseAreShown(String url, String address) {
    assertThat(JdbcUrl.problem(url, "U", "P")).isEmpty();
    assertThat(JdbcUrl.address(url)).isEqualTo(address);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://app:Marker@db:5432/app",
        "jdbc:postgresql://app:Mar@ker@db/app?ssl=true",
        "jdbc:postgresql://Marker@db/app",
        "jdbc:postgresql:app:Marker@db/app",
        "jdbc:postgresql://db:1/Marker@db/app"
      })
  void anAtSignInTheAddressIsRefused(String url) {
    assertThat(JdbcUrl.problem(url, "X_USER", "X_PASSWORD or X_PASSWORD_FILE"))
        .contains(
            "has an @ in its address, and what stands before one may be a password; expected"
                + " jdbc:postgresql://host:5432/name, the role in X_USER and its password in X_PASSWORD or X_PASSWORD_FILE");
    assertThat(JdbcUrl.address(url)).doesNotContain("Marker", "Mar@ker");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://db/app?password=Marker",
        "jdbc:postgresql://db/app?user=x&PASSWORD=Marker",
        "jdbc:postgresql://db/app?ssl=true&sslpassword=Marker",
        "jdbc:postgresql://db/app?user=x;password=Marker",
        "jdbc:postgresql://db/app;user=x;password=Marker",
        "jdbc:postgresql://db/app&password=Marker",
        "jdbc:postgresql://db/app?user=x&pass%77ord=Marker",
        "jdbc:postgresql://db/app?user=x%26password%3DMarker",
        "jdbc:postgresql://db/app?pwd=Marker",
        "jdbc:postgresql://db/app?user=x&pass=Marker",
        "jdbc:postgresql://db/app?PgPass=Marker",
        "jdbc:postgresql://db/app?accessToken=Marker",
        "jdbc:postgresql://db/app#password=Marker",
        "jdbc:postgresql:app?trustStorePassword=Marker"
      })
  void aPasswordIsRefused(String url) {
    assertThat(JdbcUrl.problem(url, "X_USER", "X_PASSWORD"))
        .contains(
            "holds a password, which would be seen wherever the URL is; take it out, and give it in X_PASSWORD. A client"
                + " key in sslkey must be one without a password");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://app:Marker/app",
        "jdbc:postgresql:app:Marker",
        "jdbc:postgresql://db:5432/app/Marker",
        "jdbc:postgresql://db",
        "jdbc:postgresql://db/app;Marker",
        "jdbc:postgresql://db/app#Marker",
        "jdbc:postgresql://db:70000/app",
        "jdbc:postgresql://db/app?ssl=%zz",
        "jdbc:postgresql://db/ap p",
        "jdbc:postgresql://db/app\n"
      })
  void whatTheDriverCannotReadIsRefusedAndNothingOfItShown(String url) {
    assertThat(JdbcUrl.problem(url, "U", "P"))
        .contains(
            "cannot be read by the driver; expected jdbc:postgresql://host:5432/name, then ? and parameters");
    assertThat(JdbcUrl.address(url)).isEqualTo("an address that cannot be read");
  }

  @ParameterizedTest
  @CsvSource({
    "jdbc:mysql://db/app?password=Marker, : it begins with jdbc:mysql:",
    "postgres://app:Marker@db/app, : it begins with postgres:",
    "app:Marker@db/app, ''",
    "Marker, ''"
  })
  void ofAnotherUrlNoMoreThanItsSchemeIsShown(String url, String shown) {
    assertThat(JdbcUrl.problem(url, "U", "P"))
        .contains(
            "is not a PostgreSQL JDBC URL"
                + shown
                + "; expected jdbc:postgresql://host:5432/name, without user and password");
  }

  @ParameterizedTest
  @CsvSource({
    "jdbc:postgresql://db/app, jdbc:postgresql://db/app",
    "jdbc:postgresql://db/app?prepareThreshold=5, jdbc:postgresql://db/app",
    "jdbc:postgresql://db/app?ssl=true&prepareThreshold=5&user=a, jdbc:postgresql://db/app?ssl=true&user=a",
    "jdbc:postgresql:app?autosave&ssl=true, jdbc:postgresql:app?ssl=true"
  })
  void whatIsOursIsTakenOut(String url, String without) {
    assertThat(JdbcUrl.without(url, java.util.Set.of("prepareThreshold", "autosave")))
        .isEqualTo(without);
  }

  @Test
  void theDatabasesTextHasNoParameters() {
    assertThat(
            Database.at(
                "jdbc:postgresql://db/app?user=x&options=-c%20a.b=c",
                "me", "Marker", java.time.Duration.ofSeconds(1)))
        .hasToString("me at jdbc:postgresql://db:5432/app");
  }

  @Test
  void optionsAreAddedAfterThoseThatAreThere() {
    String more = "-c statement_timeout=0 -c lock_timeout=0";
    for (String url :
        new String[] {
          "jdbc:postgresql://db/app",
          "jdbc:postgresql://db/app?ssl=true",
          "jdbc:postgresql://db/app?options=-c%20a.b=%27c%20d%27&ssl=true"
        }) {
      String own = url.contains("options") ? "-c a.b='c d' " : "";

      java.util.Properties parsed =
          org.postgresql.Driver.parseURL(JdbcUrl.withOptions(url, more), null);

      assertThat(parsed).containsEntry("options", own + more).containsEntry("PGDBNAME", "app");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "jdbc:postgresql://127.0.0.1:6432/app, /127.0.0.1:6432",
    "jdbc:postgresql://10.1.2.3/app?ssl=true, /10.1.2.3:5432",
    "'jdbc:postgresql://127.0.0.1,127.0.0.1/app',",
    "'jdbc:postgresql://127.0.0.1:1,127.0.0.2:2/app?loadBalanceHosts=true',"
  })
  void oneAddressIsTheOnlyOne(String url, String address) {
    assertThat(JdbcUrl.onlyAddress(url).map(Object::toString))
        .isEqualTo(Optional.ofNullable(address));
  }
}
