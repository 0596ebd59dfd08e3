package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import backfill.postgres.ledger.LedgerTables;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDefectDojo;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingPrintedSql;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What {@code check --sql} prints runs as it is, takes the locks it names, and is what a run sends.
 */
class CheckSqlTest {
  private static final String PLAN = "defectdojo-authorized-users";
  private static final String ENTRY = "INSERT INTO \"backfill\".batch";
  private static final Pattern TABLES = Pattern.compile("\\bdojo_|\\bauth_user\\b");

  private TestingDatabase database;

  @BeforeEach
  void defectDojo() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    try (Connection connection = database.connection()) {
      TestingDefectDojo.create(connection).withUserHistory();
      TestingRandomGrants.fill(connection, 1);
    }
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  @Test
  void readsRunAsPrintedAndTakeTheLocksTheyName() throws SQLException {
    assertThat(readsAsPrinted(database.environment())).isEqualTo(14);
  }

  @Test
  void soDoThoseOfARoleWithRightsOnColumnsAlone() throws SQLException {
    String role = "columns_of_" + database.name();
    database.execute("CREATE ROLE " + role + " LOGIN PASSWORD 'trusted'");
    try {
      List<String> grants = check(database.environment(), "--grants");
      for (String line : grants.subList(0, grants.indexOf("\\q"))) {
        database.execute(line.replace("\"" + database.user() + "\";", role + ";"));
      }
      Map<String, String> environment =
          Map.of(
              "BACKFILL_URL",
              database.url(),
              "BACKFILL_USER",
              role,
              "BACKFILL_PASSWORD",
              "trusted");

      // Its keys of the parents' tables included.
      assertThat(readsAsPrinted(environment)).isEqualTo(14);
      assertThat(TestingPrintedSql.under(printed(environment), "read product-users"))
          .extracting(TestingPrintedSql::sql)
          .contains("SELECT FROM \"public\".\"dojo_role\" LIMIT 0")
          .noneMatch(sql -> sql.startsWith("LOCK TABLE"));
    } finally {
      database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }

  /** Sends it all, and returns how many SELECTs read rows. */
  private int readsAsPrinted(Map<String, String> environment) throws SQLException {
    List<TestingPrintedSql> printed = printed(environment);
    List<TestingPrintedSql> together = TestingPrintedSql.under(printed, "read product-users");
    List<TestingPrintedSql> snapshot = together.stream().filter(s -> !importing(s)).toList();
    List<TestingPrintedSql> importing = together.stream().filter(CheckSqlTest::importing).toList();
    List<TestingPrintedSql> reads =
        new ArrayList<>(TestingPrintedSql.under(printed, "read source"));
    reads.addAll(TestingPrintedSql.under(printed, "read target"));
    reads.addAll(TestingPrintedSql.under(printed, "read parents"));
    TreeSet<String> read = new TreeSet<>();
    reads.forEach(statement -> read.addAll(statement.locks()));
    TreeSet<String> held = new TreeSet<>();
    List<Connection> holding = new ArrayList<>();
    int selects = 0;
    try {
      String id = null;
      for (TestingPrintedSql statement : snapshot) {
        if (statement.sql().equals("BEGIN")) {
          holding.add(connect(environment));
          held.clear();
        }
        if (statement.sql().equals("ROLLBACK")) {
          continue;
        }
        Connection current = holding.get(holding.size() - 1);
        String answer = send(current, statement.sql());
        id = statement.sql().contains("pg_export_snapshot") ? answer : id;
        held.addAll(statement.locks());
        assertThat(locks(current)).as(statement.sql()).isEqualTo(held);
      }
      TreeSet<String> everywhere = new TreeSet<>();
      for (Connection connection : holding) {
        everywhere.addAll(locks(connection));
      }
      assertThat(everywhere).as("all that is read is held").isEqualTo(read);
      for (TestingPrintedSql statement : reads) {
        try (Connection reader = connect(environment)) {
          for (TestingPrintedSql first : importing) {
            send(reader, first.sql().replace("the exported snapshot", id));
          }
          send(reader, statement.sql());
          assertThat(locks(reader)).as(statement.sql()).isEqualTo(statement.locks()).hasSize(1);
          selects += statement.sql().contains("1=0") ? 0 : 1;
        }
      }
    } finally {
      for (Connection connection : holding) {
        connection.close();
      }
    }
    return selects;
  }

  private static boolean importing(TestingPrintedSql statement) {
    return statement.heading().contains("how each reader begins");
  }

  @Test
  void aBatchRunsAsPrintedAndTakesTheLocksItNames() throws SQLException {
    for (String sql : LedgerTables.create("backfill")) {
      database.execute(sql);
    }
    List<TestingPrintedSql> printed = printed(database.environment());
    Object[] pairs = {ids("dojo_product"), ids("auth_user")};
    Object[] typePairs = {ids("dojo_product_type"), ids("auth_user")};
    Boolean[] yes = {true, true, true};
    Boolean[] no = {false, false, false};
    database.execute(
        "TRUNCATE dojo_product_authorized_users, dojo_product_type_authorized_users",
        "UPDATE auth_user SET is_superuser = false, is_staff = false");

    batchAsPrinted(TestingPrintedSql.under(printed, "write product-users:"), pairs);
    batchAsPrinted(TestingPrintedSql.under(printed, "write product-type-users:"), typePairs);
    List<TestingPrintedSql> flags = TestingPrintedSql.under(printed, "write user-flags:");
    batchAsPrinted(flags, new Object[] {ids("auth_user"), yes, yes, no, no});

    assertThat(database.count("SELECT count(*) FROM dojo_product_authorized_users")).isEqualTo(3);
    assertThat(database.count("SELECT count(*) FROM dojo_product_type_authorized_users"))
        .isEqualTo(3);
    assertThat(database.count("SELECT count(*) FROM auth_user WHERE is_superuser AND is_staff"))
        .isEqualTo(3);
    assertThat(flags.get(3).comments())
        .contains(
            "-- fires trigger pgtrigger_update_update, whose function dojo_user_event() may take locks of its own");
  }

  private void batchAsPrinted(List<TestingPrintedSql> batch, Object[] arrays) throws SQLException {
    String entry = batch.get(batch.size() - 2).sql();
    assertThat(batch)
        .extracting(TestingPrintedSql::sql)
        .hasSize(batch.get(3).sql().startsWith("COPY ") ? 11 : 8)
        .startsWith("BEGIN")
        .endsWith("SET CONSTRAINTS ALL IMMEDIATE", "RELEASE SAVEPOINT rows", entry, "COMMIT");
    assertThat(entry).startsWith(ENTRY);
    TreeSet<String> named = new TreeSet<>();
    try (Connection connection = database.connection()) {
      for (TestingPrintedSql statement : batch) {
        if (statement.sql().startsWith("COPY ")) {
          copy(connection, statement.sql(), arrays);
          named.addAll(statement.locks());
          assertThat(locks(connection)).as(statement.sql()).isEqualTo(named);
          continue;
        }
        try (PreparedStatement sent = connection.prepareStatement(statement.sql())) {
          List<String> types = statement.arrays();
          for (int i = 0; i < types.size(); i++) {
            sent.setArray(i + 1, connection.createArrayOf(types.get(i), (Object[]) arrays[i]));
          }
          if (statement.sql().startsWith(ENTRY)) {
            entryOfNoLease(sent);
          }
          sent.execute();
        }
        named.addAll(statement.locks());
        if (statement.sql().equals("COMMIT")) {
          named.clear();
        } else if (statement.sql().startsWith("ROLLBACK TO ")) {
          // A sequence is locked for the whole transaction, whatever of it is taken back; and so is
          // what was locked before the savepoint.
          named.removeIf(lock -> !lock.endsWith("_id_seq") && !lock.endsWith("backfill.run"));
        }
        TreeSet<String> taken = locks(connection);
        // What the trigger does is the trigger's, and said to be.
        taken.removeIf(lock -> lock.contains("dojo_dojo_userevent"));
        assertThat(taken).as(statement.sql()).isEqualTo(named);
      }
    }
  }

  /** A batch of a run that needs none, which so has all it needs. */
  private static void entryOfNoLease(PreparedStatement entry) throws SQLException {
    UUID runId = UUID.randomUUID();
    Array none = entry.getConnection().createArrayOf("text", new Object[0]);
    List<Object> values =
        new ArrayList<>(List.of(runId, "step", 0, "", "[\"1\"]", 3, 3, 0, 0, "{}", 1, 0));
    values.addAll(List.of("t", "INSERT", 1L, 3L, new byte[] {1}, none, none, runId, 0));
    for (int i = 0; i < values.size(); i++) {
      entry.setObject(i + 1, values.get(i));
    }
  }

  @Test
  void withoutALedgerABatchEntersNothing() {
    List<String> lines = check(database.environment(), "--sql", "--set", "ledger=off");

    assertThat(TestingPrintedSql.under(TestingPrintedSql.of(lines), "write ")).hasSize(2 * 10 + 7);
    assertThat(String.join("\n", lines)).doesNotContain("backfill\".", "advisory");
  }

  @Test
  void whatALockIsSaidToBlockWaitsForIt() throws SQLException {
    String said =
        printed(database.environment()).stream()
            .flatMap(statement -> statement.comments().stream())
            .filter(comment -> comment.contains(" on public.dojo_role: blocks"))
            .findFirst()
            .orElseThrow();
    assertThat(said)
        .isEqualTo(
            "-- ACCESS SHARE on public.dojo_role: blocks most forms of ALTER TABLE, TRUNCATE, VACUUM FULL and"
                + " DROP until the snapshot is let go");
    List<String> alone =
        List.of(
            "ALTER TABLE dojo_role ADD more int",
            "TRUNCATE dojo_role CASCADE",
            "VACUUM FULL dojo_role",
            "DROP TABLE dojo_role CASCADE");
    List<String> schema =
        List.of(
            "CREATE INDEX ON dojo_role (name)",
            "CREATE TRIGGER t AFTER INSERT ON dojo_role FOR EACH ROW EXECUTE FUNCTION dojo_user_event()");
    assertBlocked("ACCESS SHARE", alone);
    assertBlocked("ROW SHARE", alone);
    assertBlocked("ROW EXCLUSIVE", alone);
    assertBlocked("ROW EXCLUSIVE", schema);
    assertThatThrownBy(() -> assertBlocked("ROW SHARE", schema)).isInstanceOf(AssertionError.class);
  }

  private void assertBlocked(String mode, List<String> statements) throws SQLException {
    try (Connection ours = database.connection()) {
      send(ours, "BEGIN");
      send(ours, "LOCK TABLE dojo_role IN " + mode + " MODE");
      for (String statement : statements) {
        assertThatThrownBy(() -> database.execute("SET lock_timeout = 50", statement))
            .as(mode + ": " + statement)
            .hasMessageContaining("lock timeout");
      }
    }
  }

  @Test
  void aRunSendsWhatWasPrintedAndNothingElseThatTouchesATable() throws SQLException {
    assumeTrue(
        database.count(
                "SELECT count(*) FROM pg_settings WHERE name = 'shared_preload_libraries'"
                    + " AND setting LIKE '%pg_stat_statements%'")
            == 1,
        "the server counts no statements");
    database.execute("CREATE EXTENSION pg_stat_statements");
    List<TestingPrintedSql> printed = printed(database.environment());

    seen();
    assertThat(TestingRun.bare(database.environment(), "check", PLAN).code()).isZero();
    TreeSet<String> byPreflight = seen();
    TestingRun run = TestingRun.bare(database.environment(), "run", PLAN);
    assertThat(run.code()).isZero();
    TreeSet<String> byTheRun = seen();
    TreeSet<String> entries = new TreeSet<>();
    try (Connection connection = database.connection()) {
      for (TestingPrintedSql statement : printed) {
        if (statement.sql().startsWith(ENTRY)) {
          entries.add(numbered(statement.sql()));
        } else if (!statement.sql().startsWith("SET TRANSACTION")
            && statement.comments().stream().noneMatch(said -> said.startsWith("-- only "))) {
          sendEmpty(connection, statement);
        }
      }
    }
    TreeSet<String> asPrinted = seen();
    asPrinted.addAll(entries);

    assertThat(byTheRun).containsAll(asPrinted);
    byTheRun.removeAll(byPreflight);
    byTheRun.removeIf(statement -> !TABLES.matcher(statement).find());
    assertThat(asPrinted).containsAll(byTheRun);
    assertThat(byTheRun).hasSizeGreaterThan(15);
  }

  /** As the server writes the parameters. */
  private static String numbered(String sql) {
    int[] number = {0};
    return Pattern.compile("\\?").matcher(sql).replaceAll(found -> "\\$" + ++number[0]);
  }

  private static void sendEmpty(Connection connection, TestingPrintedSql printed)
      throws SQLException {
    if (printed.sql().startsWith("COPY ")) {
      copy(connection, printed.sql(), new Object[0]);
      return;
    }
    try (PreparedStatement sent = connection.prepareStatement(printed.sql())) {
      List<String> types = printed.arrays();
      for (int i = 0; i < types.size(); i++) {
        sent.setArray(i + 1, connection.createArrayOf(types.get(i), new Object[0]));
      }
      sent.execute();
    }
  }

  /** What the server has executed in this database since this was last asked, as it counts it. */
  private TreeSet<String> seen() throws SQLException {
    TreeSet<String> seen =
        database
            .rows(
                "SELECT query FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
                    + " WHERE d.datname = current_database() AND query !~ 'pg_stat_statements'")
            .stream()
            .map(row -> row.get(0).toString())
            .collect(Collectors.toCollection(TreeSet::new));
    database.rows(
        "SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()");
    return seen;
  }

  private List<TestingPrintedSql> printed(Map<String, String> environment) {
    return TestingPrintedSql.of(check(environment, "--sql"));
  }

  private static List<String> check(Map<String, String> environment, String... options) {
    String[] words =
        Stream.concat(Stream.of("check", PLAN), Stream.of(options)).toArray(String[]::new);
    TestingRun check = TestingRun.bare(environment, words);
    assertThat(check.code()).isZero();
    return check.printed();
  }

  private Integer[] ids(String table) throws SQLException {
    return database.rows("SELECT id FROM " + table + " ORDER BY id LIMIT 3").stream()
        .map(row -> (Integer) row.get(0))
        .toArray(Integer[]::new);
  }

  private static Connection connect(Map<String, String> environment) throws SQLException {
    return DriverManager.getConnection(
        environment.get("BACKFILL_URL"),
        environment.get("BACKFILL_USER"),
        environment.get("BACKFILL_PASSWORD"));
  }

  /** The answer's first value, if there is one. */
  private static String send(Connection connection, String sql) throws SQLException {
    if (sql.startsWith("COPY ")) {
      copy(connection, sql, new Object[0]);
      return null;
    }
    try (Statement statement = connection.createStatement()) {
      if (!statement.execute(sql)) {
        return null;
      }
      try (ResultSet rows = statement.getResultSet()) {
        return rows.next() && rows.getMetaData().getColumnCount() > 0 ? rows.getString(1) : null;
      }
    }
  }

  /** JDBC itself knows no COPY. Rows that go in are given by the column. */
  private static void copy(Connection connection, String sql, Object[] columns)
      throws SQLException {
    var copies = connection.unwrap(org.postgresql.PGConnection.class).getCopyAPI();
    if (!sql.endsWith("FROM STDIN")) {
      var copy = copies.copyOut(sql);
      while (copy.readFromCopy() != null) {
        // What is read is no matter here.
      }
      return;
    }
    StringBuilder rows = new StringBuilder();
    for (int row = 0; columns.length > 0 && row < ((Object[]) columns[0]).length; row++) {
      for (int i = 0; i < columns.length; i++) {
        rows.append(i == 0 ? "" : "\t").append(((Object[]) columns[i])[row]);
      }
      rows.append("\n");
    }
    var copy = copies.copyIn(sql);
    byte[] text = rows.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    copy.writeToCopy(text, 0, text.length);
    assertThat(copy.endCopy()).isEqualTo(rows.chars().filter(sign -> sign == '\n').count());
  }

  /** Which locks on tables and sequences a session has, as comments name them. */
  private TreeSet<String> locks(Connection connection) throws SQLException {
    int pid = connection.unwrap(org.postgresql.PGConnection.class).getBackendPID();
    return database
        .rows(
            """
            SELECT upper(regexp_replace(replace(l.mode, 'Lock', ''), '(?<=[a-z])(?=[A-Z])', ' '))
                   || ' on ' || n.nspname || '.' || c.relname
            FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE l.granted AND l.pid = %d AND c.relkind IN ('r', 'p', 'S') AND n.nspname !~ '^pg_'
            """
                .formatted(pid))
        .stream()
        .map(row -> row.get(0).toString())
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
