package backfill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FingerprintTest {
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  @Test
  void orderDoesNotMatter() throws SQLException {
    assertThat(differences("VALUES (1, 'a'), (2, NULL)", "VALUES (2, NULL), (1, 'a')")).isEmpty();
  }

  @Test
  void changedValueIsFound() throws SQLException {
    assertThat(differences("VALUES (1, 'a'), (2, 'b')", "VALUES (1, 'a'), (2, NULL)"))
        .containsExactly("table: this ends with other rows than that (2 and 2)");
  }

  @Test
  void valuesThatChangedPlacesAreFound() throws SQLException {
    assertThat(differences("VALUES (1, 'a'), (2, 'b')", "VALUES (1, 'b'), (2, 'a')")).hasSize(1);
  }

  @Test
  void rowThatIsThereTwiceIsFound() throws SQLException {
    assertThat(differences("VALUES (1), (1), (2)", "VALUES (1), (2), (2)")).hasSize(1);
    assertThat(differences("VALUES (1), (1)", "VALUES (1)"))
        .containsExactly("table: this ends with other rows than that (2 and 1)");
  }

  @Test
  void nothingIsNotTheSameAsSomething() throws SQLException {
    assertThat(differences("SELECT 1 WHERE false", "SELECT 1 WHERE false")).isEmpty();
    assertThat(differences("SELECT 1 WHERE false", "SELECT 1")).hasSize(1);
  }

  private List<String> differences(String first, String second) throws SQLException {
    try (Connection connection = database.connection()) {
      return of(connection, first).differences(of(connection, second), "this", "that");
    }
  }

  private static Fingerprint of(Connection connection, String query) throws SQLException {
    return Fingerprint.of(connection, List.of(new BenchCase.Outcome("table", query)));
  }
}
