package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingAccess;
import backfill.testing.TestingDojo;
import backfill.testing.TestingDojoKeys;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random grants, changed at random between runs: after each one the targets are the oracle's. */
class RandomRunTest {
  private static final int RUNS = 5;

  @ParameterizedTest
  @ValueSource(strings = {"default", "flatten.broadcast-bytes=0 B", "write.rows-per-batch=2"})
  void targetsAreTheOraclesRunAfterRun(String setting) throws Exception {
    long seed = TestingRandomGrants.anySeed();
    try (TestingDojo there = TestingDojo.create()) {
      TestingRandomGrants.fill(there.connection, seed);
      for (int i = 0; i < RUNS; i++) {
        runAndCompare(there, setting, "backfill.seed=" + seed + ", run " + i);
        change(there, seed + i);
      }
    }
  }

  /** Keys near both ends of bigint: users need a dictionary. */
  @Test
  void bigintKeysOfAnyDistance() throws Exception {
    runOnBigints("%s * 4294967296");
  }

  /** All of integer's span, elsewhere: the distance from the smallest key is the number. */
  @Test
  void bigintKeysThatSpan32Bits() throws Exception {
    runOnBigints("%s + 1099511627776");
  }

  @ParameterizedTest
  @ValueSource(strings = {"uuid", "text", "character varying(1000)"})
  void keysThatAreNoIntegers(String type) throws Exception {
    long seed = TestingRandomGrants.anySeed();
    try (TestingDojo there = TestingDojo.create()) {
      TestingRandomGrants.fill(there.connection, seed);
      if (type.equals("uuid")) {
        TestingDojoKeys.becomeUuids(there.database);
      } else {
        TestingDojoKeys.becomeTexts(there.database, type);
      }
      runAndCompare(there, "default", "backfill.seed=" + seed);
      List<List<Object>> before = there.trace();
      runAndCompare(there, "default", "backfill.seed=" + seed + ", again");
      assertThat(there.trace()).isEqualTo(before);
      change(there, seed);
      runAndCompare(there, "flatten.broadcast-bytes=0 B", "backfill.seed=" + seed + ", changed");
      change(there, seed + 1);
      runAndCompare(there, "write.rows-per-batch=2", "backfill.seed=" + seed + ", changed again");
    }
  }

  @Test
  void groupMapIsBroadcastOrJoinedByItsSize() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      there.dojo.productGroup("p1", "g1").group("g1", "u1", "u2");

      TestingRun joined =
          there.run("plan", "--only", "product-users", "--set", "flatten.broadcast-bytes=0 B");
      TestingRun broadcast = there.run("plan", "--only", "product-users");

      assertThat(joined.said()).contains("more than flatten.broadcast-bytes (0): it is joined");
      assertThat(broadcast.said())
          .contains("the group map has 1 group with 2 memberships")
          .contains("it is broadcast");
      assertThat(joined.step("product-users").path("gains"))
          .isEqualTo(broadcast.step("product-users").path("gains"));
      assertThat(joined.counts("product-users", "planned", "toInsert"))
          .isEqualTo(RunTest.numbers(2, 2));
    }
  }

  private static void runOnBigints(String moved) throws Exception {
    long seed = TestingRandomGrants.anySeed();
    try (TestingDojo there = TestingDojo.create()) {
      TestingRandomGrants.fill(there.connection, seed);
      // First every type, because each change of one checks its foreign keys anew.
      List<String> statements = new ArrayList<>();
      List<String> moves = new ArrayList<>(List.of("SET session_replication_role = replica"));
      for (List<Object> column : ids(there)) {
        String table = (String) column.get(0);
        String name = (String) column.get(1);
        statements.add("ALTER TABLE %s ALTER COLUMN %s TYPE bigint".formatted(table, name));
        if (!name.equals("role_id") && !table.equals("dojo_role")) {
          moves.add("UPDATE %s SET %s = %s".formatted(table, name, moved.formatted(name)));
        }
      }
      statements.addAll(moves);
      there.database.execute(statements.toArray(String[]::new));

      runAndCompare(there, "default", "backfill.seed=" + seed);
      change(there, seed);
      runAndCompare(there, "flatten.broadcast-bytes=0 B", "backfill.seed=" + seed + ", changed");
    }
  }

  private static List<List<Object>> ids(TestingDojo there) throws SQLException {
    return there.database.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            + " AND data_type = 'integer' AND column_name ~ '(^|_)id$' ORDER BY 1, 2");
  }

  private static void runAndCompare(TestingDojo there, String setting, String which)
      throws SQLException {
    TestingAccess before = TestingAccess.present(there.connection);
    TestingAccess justified = TestingAccess.justified(there.connection);

    TestingRun run =
        setting.equals("default") ? there.run("run") : there.run("run", "--set", setting);

    assertThat(run.code()).as(which + "\n" + run.said()).isZero();
    assertThat(TestingAccess.present(there.connection)).as(which).isEqualTo(justified.and(before));
    assertThat(run.counts("product-users", "planned", "inserted", "surplus", "missing"))
        .as(which)
        .isEqualTo(
            RunTest.numbers(
                justified.products().size(),
                justified.without(before).products().size(),
                before.without(justified).products().size(),
                0));
    assertThat(run.counts("product-type-users", "planned", "inserted", "surplus", "missing"))
        .as(which)
        .isEqualTo(
            RunTest.numbers(
                justified.types().size(),
                justified.without(before).types().size(),
                before.without(justified).types().size(),
                0));
  }

  /** Takes a third of everything away, and gives as much to others. */
  private static void change(TestingDojo there, long seed) throws SQLException {
    try (PreparedStatement statement = there.connection.prepareStatement("SELECT setseed(?)")) {
      statement.setDouble(1, (seed % 1000) / 1000.0);
      statement.execute();
    }
    String[][] tables = {
      {"dojo_product_member", "product_id", "dojo_product", "user_id", "auth_user"},
      {"dojo_product_type_member", "product_type_id", "dojo_product_type", "user_id", "auth_user"},
      {"dojo_product_group", "product_id", "dojo_product", "group_id", "dojo_dojo_group"},
      {
        "dojo_product_type_group",
        "product_type_id",
        "dojo_product_type",
        "group_id",
        "dojo_dojo_group"
      },
      {"dojo_dojo_group_member", "group_id", "dojo_dojo_group", "user_id", "auth_user"}
    };
    try (var statement = there.connection.createStatement()) {
      for (String[] t : tables) {
        statement.execute("DELETE FROM " + t[0] + " WHERE random() < 0.3");
        statement.execute(
            "INSERT INTO %s (%s, %s, role_id) SELECT a.id, b.id, 1 FROM %s a, %s b WHERE random() < 0.03"
                .formatted(t[0], t[1], t[3], t[2], t[4]));
      }
      statement.execute("DELETE FROM dojo_product_authorized_users WHERE random() < 0.3");
      statement.execute("UPDATE auth_user SET is_staff = NOT is_staff WHERE random() < 0.3");
      statement.execute("DELETE FROM dojo_global_role WHERE random() < 0.3");
    }
  }
}
