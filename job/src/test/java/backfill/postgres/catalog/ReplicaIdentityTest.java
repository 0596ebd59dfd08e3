package backfill.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TestingPreflight;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Published tables, and what preflight says of them. The server itself is the oracle: it refuses an
 * EXPLAIN of a statement that it would refuse.
 */
class ReplicaIdentityTest {
  private static TestingDatabase database;
  private static int version;

  @BeforeAll
  static void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    version = (int) database.count("SELECT current_setting('server_version_num')::int / 10000");
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  /** What preflight refuses of UPDATE, or of DELETE. */
  private static List<String> refused(String table, String event) throws SQLException {
    Findings findings = new Findings();
    Database as = TestingPreflight.database(database.environment());
    try (Inquiry inquiry =
        new Inquiry(as.connect("test"), Duration.ofSeconds(5), Duration.ofSeconds(5))) {
      Table found = new NameLookup(inquiry).find("test", table, findings).orElseThrow();
      new ReplicaIdentity(inquiry, findings)
          .check("step s", Cascades.of(inquiry, found), List.of(RowEvent.valueOf(event)));
    }
    return findings.reasons();
  }

  private static boolean serverRefuses(String table, String event) {
    try {
      database.rows(
          "EXPLAIN "
              + (event.equals("UPDATE")
                  ? "UPDATE " + table + " SET v = v"
                  : "DELETE FROM " + table));
      return false;
    } catch (SQLException e) {
      assertThat(e.getSQLState()).as(e.getMessage()).isIn("55000", "42P10");
      return true;
    }
  }

  /** Asks both, and follows the advice until the server takes the statement. */
  private static void assertAsTheServer(String table) throws SQLException {
    for (String event : List.of("UPDATE", "DELETE")) {
      boolean refuses = serverRefuses(table, event);
      List<String> said = refused(table, event);
      assertThat(said).as(table + " " + event).hasSize(refuses ? 1 : 0);
      if (refuses) {
        List<String> cures = List.of(said.get(0).split("; "));
        for (String cure : cures.subList(1, cures.size())) {
          assertThat(cure).startsWith("ALTER ");
          database.execute(cure);
        }
        assertThat(serverRefuses(table, event)).as(said.get(0)).isFalse();
        assertThat(refused(table, event)).isEmpty();
      }
    }
  }

  @Test
  void aTableWithoutIdentityIsRefusedWithTheStatementThatGivesItOne() throws SQLException {
    database.execute(
        "CREATE TABLE seats (id int NOT NULL, v int)",
        "CREATE UNIQUE INDEX seats_id ON seats (id)",
        "CREATE PUBLICATION cdc FOR TABLE seats");

    assertThat(refused("seats", "UPDATE"))
        .containsExactly(
            "step s: publication cdc has seats, which has no replica identity, so that the server refuses UPDATE"
                + " there; ALTER TABLE \"public\".\"seats\" REPLICA IDENTITY USING INDEX \"seats_id\"");
    assertThat(refused("seats", "INSERT")).isEmpty();
    assertAsTheServer("seats");
  }

  @Test
  void everyFormOfPublicationAndIdentityIsJudgedAsTheServerDoes() throws SQLException {
    List<String> tables = new ArrayList<>();
    List<String> identities = List.of("DEFAULT", "NOTHING", "FULL", "USING INDEX %s_u");
    List<String> publications = new ArrayList<>(List.of("", "WITH (publish = 'insert, delete')"));
    if (version >= 15) {
      publications.addAll(
          List.of(
              "(id, k)",
              "(id, k, v)",
              "(k, v)",
              "WHERE (k > 1)",
              "WHERE (v > 1)",
              "(k) WHERE (k > 1)"));
    }
    if (version >= 18) {
      publications.add("WITH (publish_generated_columns = stored)");
    }
    for (String key :
        List.of(
            "",
            ", PRIMARY KEY (id)",
            ", g int GENERATED ALWAYS AS (v * 2) STORED, PRIMARY KEY (id)")) {
      for (String identity : identities) {
        for (String publication : publications) {
          String table = "t" + tables.size();
          tables.add(table);
          database.execute(
              "CREATE TABLE %s (id int, k int NOT NULL, v int%s)".formatted(table, key),
              "CREATE UNIQUE INDEX %1$s_u ON %1$s (k)".formatted(table),
              "ALTER TABLE %s REPLICA IDENTITY %s".formatted(table, identity.formatted(table)),
              "CREATE PUBLICATION p_%1$s FOR TABLE %1$s %2$s".formatted(table, publication));
        }
      }
    }
    long refusals = 0;
    for (String table : tables) {
      for (String event : List.of("UPDATE", "DELETE")) {
        boolean refuses = serverRefuses(table, event);
        assertThat(refused(table, event)).as(table + " " + event).hasSize(refuses ? 1 : 0);
        refusals += refuses ? 1 : 0;
      }
    }
    assertThat(refusals).isBetween(10L, tables.size() * 2L - 10);
  }

  @Test
  void aPartitionIsPublishedByItselfItsParentItsSchemaOrWithAllTables() throws SQLException {
    database.execute(
        "CREATE SCHEMA app",
        "CREATE TABLE app.parts (id int NOT NULL, v int) PARTITION BY RANGE (id)",
        "CREATE TABLE parts_1 PARTITION OF app.parts FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE app.parts_2 PARTITION OF app.parts FOR VALUES FROM (10) TO (20) PARTITION BY LIST (id)",
        "CREATE TABLE parts_3 PARTITION OF app.parts_2 DEFAULT",
        "CREATE UNIQUE INDEX ON app.parts (id)");
    assertAsTheServer("app.parts");
    List<String> forms = new ArrayList<>(List.of("TABLE parts_3", "TABLE app.parts", "ALL TABLES"));
    if (version >= 15) {
      forms.add("TABLES IN SCHEMA app");
      forms.add("TABLE app.parts WHERE (v > 1)");
    }
    for (String form : forms) {
      for (boolean root : form.contains("WHERE") ? List.of(true) : List.of(true, false)) {
        database.execute(
            "CREATE PUBLICATION q FOR %s WITH (publish_via_partition_root = %s)"
                .formatted(form, root),
            "ALTER TABLE parts_1 REPLICA IDENTITY NOTHING",
            "ALTER TABLE parts_3 REPLICA IDENTITY DEFAULT");
        assertThat(serverRefuses("app.parts", "UPDATE")).as(form).isTrue();
        assertAsTheServer("app.parts");
        assertAsTheServer("parts_1");
        database.execute("DROP PUBLICATION q");
      }
    }
    database.execute(
        "CREATE UNLOGGED TABLE loose (id int, v int)", "CREATE PUBLICATION q FOR ALL TABLES");
    assertAsTheServer("loose");
    database.execute("DROP PUBLICATION q");
  }

  @Test
  void whatADeletionChangesBehindForeignKeysIsLookedAtToo() throws SQLException {
    database.execute(
        "CREATE TABLE parent (id int PRIMARY KEY, v int)",
        "CREATE TABLE gone (id int REFERENCES parent ON DELETE CASCADE)",
        "CREATE TABLE emptied (id int REFERENCES parent ON DELETE SET NULL)",
        "CREATE PUBLICATION behind FOR TABLE gone, emptied");

    assertThat(refused("parent", "UPDATE")).isEmpty();
    assertThat(refused("parent", "DELETE"))
        .containsExactly(
            "step s: publication behind has gone, which has no replica identity, so that the server refuses DELETE"
                + " there; ALTER TABLE \"public\".\"gone\" REPLICA IDENTITY FULL",
            "step s: publication behind has emptied, which has no replica identity, so that the server refuses"
                + " UPDATE there; ALTER TABLE \"public\".\"emptied\" REPLICA IDENTITY FULL");
  }
}
