package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.postgres.catalog.Catalog;
import backfill.postgres.catalog.ParentCatalog;
import backfill.postgres.catalog.ParentKey;
import backfill.postgres.catalog.ParentTable;
import backfill.postgres.ledger.Rejection;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rows without a parent are found by one query, and told apart by when they lost it. */
class ParentsTest {
  private static final ParentKey KEY =
      new ParentKey("t_b_fkey", List.of("b"), new TableName("public", "p"), List.of("id"));

  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE p (id bigint PRIMARY KEY); INSERT INTO p SELECT generate_series(0, 89)",
        "CREATE TABLE t (a bigint, b bigint REFERENCES p DEFERRABLE INITIALLY DEFERRED, PRIMARY KEY (a, b))");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private BatchWriter writer(long allowed, ParentKey key, Set<String> wereThere) {
    return new BatchWriter(
        TestingWriter.under(
            TestingWriter.pairs(TestingWriter.database(database)),
            new RejectionRules(
                List.of(key),
                (constraint, values) ->
                    constraint.equals("t_b_fkey") && wereThere.contains(values.get(0)),
                false,
                allowed,
                0)),
        TestingWriter.APPLICATION_NAME);
  }

  @Test
  void aParentThatWasThereIsGoneAndNobodysFault() throws SQLException {
    try (BatchWriter writer = writer(0, KEY, Set.of("90", "91"))) {
      writer.write(TestingWriter.batch(writer, 1, 0, 92));

      WriteCounts counts = writer.counts();
      assertThat(counts.changed()).isEqualTo(90);
      assertThat(counts.rejected()).isEqualTo(2);
      assertThat(counts.rejectedForTheData()).isZero();
      assertThat(counts.rejections())
          .containsExactly(
              new Rejection("parent-gone", "23503", "t_b_fkey", List.of("1", "90")),
              new Rejection("parent-gone", "23503", "t_b_fkey", List.of("1", "91")));
      // Copied, whole, the question, and the rest: nothing is halved.
      assertThat(counts.statements()).isEqualTo(4);
    }
  }

  @Test
  void aParentThatNeverWasIsTheDatasFault() throws SQLException {
    try (BatchWriter writer = writer(1, KEY, Set.of("90"))) {
      writer.write(TestingWriter.batch(writer, 1, 0, 92));

      assertThat(writer.counts().rejected()).isEqualTo(2);
      assertThat(writer.counts().rejectedForTheData()).isOne();
      assertThat(writer.counts().rejections())
          .contains(
              new Rejection(
                  "p has no row whose (id) is (91)", "23503", "t_b_fkey", List.of("1", "91")));
    }
    try (BatchWriter writer = writer(0, KEY, Set.of("90"))) {
      assertThatThrownBy(() -> writer.write(TestingWriter.batch(writer, 2, 0, 92)))
          .hasMessageEndingWith(
              "allows 0; the first one, (2, 91): p has no row whose (id) is (91) (SQLSTATE 23503)");
    }
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(180);
  }

  @Test
  void orphansBesideOtherFaultsAreAllFound() throws SQLException {
    database.execute("ALTER TABLE t ADD CONSTRAINT c CHECK (b % 20 <> 5)");
    try (BatchWriter writer = writer(100, KEY, Set.of("90"))) {
      writer.write(TestingWriter.batch(writer, 1, 0, 92));

      assertThat(writer.counts().rejections())
          .extracting(Rejection::key)
          .containsExactlyInAnyOrder(
              List.of("1", "5"),
              List.of("1", "25"),
              List.of("1", "45"),
              List.of("1", "65"),
              List.of("1", "85"),
              List.of("1", "90"),
              List.of("1", "91"));
      assertThat(writer.counts().rejectedForTheData()).isEqualTo(6);
    }
  }

  @Test
  void whereTheParentsCannotBeAskedHalvingFindsTheOrphan() throws SQLException {
    ParentKey nowhere =
        new ParentKey("t_b_fkey", List.of("b"), new TableName("public", "gone"), List.of("id"));
    try (BatchWriter writer = writer(1, nowhere, Set.of("90"))) {
      writer.write(TestingWriter.batch(writer, 1, 0, 91));

      assertThat(writer.counts().rejections())
          .containsExactly(
              new Rejection(
                  "insert or update on table \"t\" violates foreign key constraint \"t_b_fkey\"",
                  "23503",
                  "t_b_fkey",
                  List.of("1", "90")));
    }
  }

  @Test
  void aForeignKeyOfAnotherTableThatATriggerFillsIsNoOrphanOfOurs() throws SQLException {
    database.execute(
        "CREATE TABLE log (b bigint CONSTRAINT t_b_fkey REFERENCES p)",
        "CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN INSERT INTO log VALUES (CASE NEW.b WHEN 7 THEN 1000 ELSE 1 END); RETURN NEW; END $$",
        "CREATE TRIGGER log AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION log()");
    try (BatchWriter writer = writer(1, KEY, Set.of("7"))) {
      writer.write(TestingWriter.batch(writer, 1, 0, 20));

      assertThat(writer.counts().rejections())
          .containsExactly(
              new Rejection(
                  "insert or update on table \"log\" violates foreign key constraint \"t_b_fkey\"",
                  "23503",
                  "t_b_fkey",
                  List.of("1", "7")));
      assertThat(writer.counts().rejectedForTheData()).isOne();
    }
  }

  @Test
  void onlyForeignKeysThatHoldAndThatWeMayAskAboutAreKnown() throws SQLException {
    String role = "asks_" + database.name();
    database.execute(
        "CREATE TABLE parts (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE secret (id int PRIMARY KEY)",
        "CREATE TABLE switched_off (id int PRIMARY KEY)",
        "CREATE TABLE c (p bigint, id int, day int, s int, o int,"
            + " CONSTRAINT of_p FOREIGN KEY (p) REFERENCES p, CONSTRAINT of_parts FOREIGN KEY (day, id) REFERENCES parts (day, id),"
            + " CONSTRAINT of_secret FOREIGN KEY (s) REFERENCES secret)",
        "ALTER TABLE c DISABLE TRIGGER ALL",
        "ALTER TABLE c ENABLE TRIGGER ALL",
        "CREATE TABLE d (p bigint CONSTRAINT disabled REFERENCES p)",
        "ALTER TABLE d DISABLE TRIGGER ALL",
        "CREATE ROLE " + role + " LOGIN PASSWORD 'trusted'",
        "GRANT SELECT ON p, parts, c, d TO " + role);
    try (Connection connection = DriverManager.getConnection(database.url(), role, "trusted");
        Inquiry inquiry = new Inquiry(connection, Duration.ofSeconds(5), Duration.ofSeconds(5))) {
      assertThat(parents(inquiry, "c"))
          .extracting(ParentTable::key)
          .containsExactly(
              new ParentKey("of_p", List.of("p"), new TableName("public", "p"), List.of("id")),
              new ParentKey(
                  "of_parts",
                  List.of("day", "id"),
                  new TableName("public", "parts"),
                  List.of("day", "id")));
      assertThat(parents(inquiry, "c"))
          .extracting(ParentTable::isInteger)
          .containsExactly(true, false);
      assertThat(parents(inquiry, "d")).isEmpty();
    } finally {
      database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }

  private List<ParentTable> parents(Inquiry inquiry, String table) throws SQLException {
    long oid = database.count("SELECT '" + table + "'::regclass::oid::int8");
    return new ParentCatalog(inquiry).of(new Catalog(inquiry).table(oid));
  }
}
