package backfill.postgres.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.postgres.ledger.WriteMode;
import backfill.postgres.server.Database;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.TestingPreflight;
import backfill.testing.TestingDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is not ours to set, and would change what is read or written, is named by preflight. */
@ExtendWith(TestingPreflight.Dropped.class)
class ForeignSettingsTest {
  private static final String SKIPS =
      ": begins our sessions with session_replication_role = replica, which skips foreign keys and triggers; it must be"
          + " origin: ";

  @Test
  void aRoleOrDatabaseThatSkipsForeignKeysIsRefusedWithItsCure() {
    TestingPreflight world = TestingPreflight.pairs();
    String database = world.database.name();
    world.execute("ALTER DATABASE " + database + " SET session_replication_role = 'replica'");

    assertThat(world.reasons())
        .containsExactly(
            world.address()
                + SKIPS
                + "ALTER DATABASE \"%s\" RESET session_replication_role".formatted(database));

    world.execute(
        "ALTER DATABASE " + database + " RESET session_replication_role",
        "ALTER ROLE %s IN DATABASE %s SET session_replication_role = 'replica'"
            .formatted(world.database.user(), database));
    assertThat(world.reasons())
        .containsExactly(
            world.address()
                + SKIPS
                + "ALTER ROLE \"%s\" IN DATABASE \"%s\" RESET session_replication_role"
                    .formatted(world.database.user(), database));
    assertThatThrownBy(() -> sinkLooksUp(world.database))
        .isInstanceOf(NotReadyException.class)
        .hasMessageContaining(SKIPS);
  }

  private static void sinkLooksUp(TestingDatabase database) {
    TargetLookup.find(
        Database.at(database.url(), database.user(), database.password(), Duration.ofSeconds(10)),
        "backfill test",
        new TargetLookup.Wanted("target", List.of(), null, WriteMode.IGNORE),
        List.of("object_id", "user_id"),
        Duration.ofSeconds(2));
  }

  @Test
  void optionsOfTheUrlAreNamedAsTheCure() {
    TestingPreflight world = TestingPreflight.pairs();
    Map<String, String> environment = new HashMap<>(world.database.environment());
    environment.computeIfPresent(
        "BACKFILL_URL",
        (key, url) ->
            url + "?options=-c%20session_replication_role=local%20-c%20zero_damaged_pages=on");

    assertThat(world.reasons(TestingPreflight.database(environment)))
        .containsExactlyInAnyOrder(
            world.address()
                + SKIPS.replace("replica,", "local,")
                + "take it out of the options of the URL",
            world.address()
                + ": begins our sessions with zero_damaged_pages = on, which leaves out the rows of a damaged page; it must"
                + " be off: take it out of the options of the URL");
  }

  @Test
  void aDatabaseOfBytesIsRefused() throws SQLException {
    TestingPreflight world = TestingPreflight.pairs();
    String name = world.database.name() + "_ascii";
    world.execute(
        "CREATE DATABASE "
            + name
            + " ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    try {
      Map<String, String> environment = new HashMap<>(world.database.environment());
      environment.computeIfPresent(
          "BACKFILL_URL", (key, url) -> url.replace(world.database.name(), name));

      assertThat(world.reasons(TestingPreflight.database(environment)))
          .contains(
              world.address().replace(world.database.name(), name)
                  + ": has the encoding SQL_ASCII: its texts are bytes of no known characters, and none can be carried or"
                  + " compared for certain; move its data into a database of encoding UTF8");
    } finally {
      world.execute("DROP DATABASE " + name);
    }
  }

  @Test
  void theTableThatThePathFindsFirstIsNamed() {
    TestingPreflight world = TestingPreflight.pairs();
    world.execute(
        "CREATE SCHEMA shadow",
        "CREATE TABLE shadow.members (LIKE members)",
        "ALTER DATABASE "
            + world.database.name()
            + " SET search_path = shadow, pg_catalog, public");

    PreflightResult ready = world.ready();

    assertThat(ready.sources().get("members").name()).hasToString("shadow.members");
    assertThat(ready.sources().get("direct").name()).hasToString("direct");
    assertThat(ready.warnings())
        .containsExactly(
            "source members: members is shadow.members, which the search path finds before public.members; name its"
                + " schema in the plan if another is meant");
  }
}
