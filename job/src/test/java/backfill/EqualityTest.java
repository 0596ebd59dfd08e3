package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingKeyPool;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import backfill.testing.TestingTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two keys are the same to the job if and only if they are to the target's unique index, or
 * preflight refuses the column by name. What ON CONFLICT makes of the same rows is what the job
 * must make of them. A key has many columns, and a row differs in one of them from the others.
 */
class EqualityTest {
  private static final int COLUMNS_OF_A_KEY = 28;
  private static final Pattern REFUSED = Pattern.compile("\\b[sd]_(\\w+)\\.k(\\d+)\\b");

  /** Key columns that no preflight may refuse, for their bytes are their identity. */
  private static final Set<String> PLAIN =
      Set.of(
          "smallint",
          "bigint",
          "bigint of integer",
          "integer of smallint",
          "text",
          "uuid",
          "boolean",
          "date",
          "timestamp without time zone",
          "timestamp with time zone",
          "bytea",
          "mood");

  @TempDir Path directory;
  private TestingDatabase database;
  private Random random;
  private long seed;
  private int version;

  /** Keys of some types, in one table. */
  private final Map<String, Map<Integer, TestingKeyPool>> tables = new TreeMap<>();

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    TestingTypes.create(database);
    version = (int) database.count("SELECT current_setting('server_version_num')::int / 10000");
    seed = TestingRandomGrants.anySeed();
    random = new Random(seed);
    System.out.println("EqualityTest: backfill.seed=" + seed);
    List<TestingKeyPool> pools = TestingKeyPool.all();
    for (int i = 0; i < pools.size(); i++) {
      tables
          .computeIfAbsent("many" + i / COLUMNS_OF_A_KEY, name -> new TreeMap<>())
          .put(i, pools.get(i));
      if (version >= 15) {
        tables
            .computeIfAbsent("nulls" + i / COLUMNS_OF_A_KEY, name -> new TreeMap<>())
            .put(i, pools.get(i));
      }
    }
    for (int i : List.of(0, 4, 11, 14, 24)) {
      tables.put("one" + i, new TreeMap<>(Map.of(i, pools.get(i))));
    }
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private static boolean takesNulls(String table) {
    return table.startsWith("nulls");
  }

  private static String columns(Set<Integer> columns, IntFunction<String> column) {
    return columns.stream().map(column::apply).collect(Collectors.joining(", "));
  }

  /** Source, target, and the oracle's copy of it, which is filled as the target is. */
  private void make(String table) throws SQLException {
    Map<Integer, TestingKeyPool> pools = tables.get(table);
    String notNull = takesNulls(table) ? "" : " NOT NULL";
    List<String> statements = new ArrayList<>();
    for (String kind : List.of("s", "d", "p")) {
      statements.add("DROP TABLE IF EXISTS %s_%s CASCADE".formatted(kind, table));
      statements.add(
          "CREATE TABLE %s_%s (%s, n integer)"
              .formatted(
                  kind,
                  table,
                  columns(
                      pools.keySet(),
                      i ->
                          "k%d %s%s"
                              .formatted(
                                  i,
                                  kind.equals("s") ? pools.get(i).source() : pools.get(i).type(),
                                  notNull))));
    }
    String keys = columns(pools.keySet(), i -> "k" + i);
    statements.add(
        "CREATE UNIQUE INDEX u_%1$s ON d_%1$s (%2$s)%3$s"
            .formatted(table, keys, takesNulls(table) ? " NULLS NOT DISTINCT" : ""));
    statements.add("SELECT setseed(%s)".formatted(random.nextDouble()));
    List<String> present = rows(pools, true, takesNulls(table));
    List<String> planned = rows(pools, false, takesNulls(table));
    for (String row : present) {
      statements.add(
          "INSERT INTO d_%s VALUES (%s, 0) ON CONFLICT DO NOTHING".formatted(table, row));
    }
    for (int i = 0; i < planned.size(); i++) {
      statements.add("INSERT INTO s_%s VALUES (%s, %d)".formatted(table, planned.get(i), i + 1));
    }
    // One row for each key, as the target's index sees it.
    statements.add("INSERT INTO p_%1$s SELECT %2$s, n FROM s_%1$s".formatted(table, cast(pools)));
    statements.add(
        "DELETE FROM s_%1$s WHERE n NOT IN (SELECT DISTINCT ON (%2$s) n FROM p_%1$s ORDER BY %2$s, n)"
            .formatted(table, keys));
    statements.add("CREATE TABLE o_%1$s (LIKE d_%1$s INCLUDING ALL)".formatted(table));
    statements.add("INSERT INTO o_%1$s SELECT * FROM d_%1$s".formatted(table));
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      statement.execute("DROP TABLE IF EXISTS o_" + table);
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** The source's keys as the target would have them. */
  private static String cast(Map<Integer, TestingKeyPool> pools) {
    return columns(pools.keySet(), i -> pools.get(i).kept("k" + i));
  }

  /** Each row is the first value of every column, but in one place. */
  private List<String> rows(Map<Integer, TestingKeyPool> pools, boolean target, boolean nulls) {
    List<String> rows = new ArrayList<>();
    for (int changed : pools.keySet()) {
      TestingKeyPool pool = pools.get(changed);
      List<String> values = new ArrayList<>(pool.values());
      values.addAll(pool.values());
      if (target) {
        values.addAll(pool.targetAlone());
      }
      if (nulls) {
        values.add("NULL");
      }
      for (String value : values) {
        if (random.nextInt(3) > 0) {
          rows.add(
              pools.keySet().stream()
                  .map(
                      i ->
                          value(
                              pools.get(i),
                              i == changed ? value : pools.get(i).values().get(0),
                              target))
                  .collect(Collectors.joining(", ")));
        }
      }
    }
    Collections.shuffle(rows, random);
    return rows;
  }

  private static String value(TestingKeyPool pool, String value, boolean target) {
    return target ? pool.kept(value) : pool.given(value);
  }

  private TestingRun run(String command) throws IOException {
    StringBuilder plan =
        new StringBuilder("name = equality\nlimits.rejected-rows = 0\nsources {\n");
    tables.keySet().forEach(table -> plan.append("  s_%1$s = s_%1$s\n".formatted(table)));
    plan.append("}\nsteps = [\n");
    tables.forEach(
        (table, pools) -> {
          String keys = columns(pools.keySet(), i -> "k" + i);
          plan.append(
              """
              { name = %1$s, kind = rows, mode = upsert, surplus = report
                query = "SELECT %2$s, n FROM s_%1$s", into = { table = d_%1$s, key = [%2$s] } }
              """
                  .formatted(table, keys));
        });
    Path file = directory.resolve("equality.conf");
    Files.writeString(file, plan.append("]\n"));
    return TestingRun.of(database.environment(), command, file.toString());
  }

  /** Takes key columns away until preflight says yes; what it said of each. */
  private Map<String, String> checked() throws Exception {
    Map<String, String> refusals = new LinkedHashMap<>();
    for (String table : List.copyOf(tables.keySet())) {
      make(table);
    }
    while (true) {
      TestingRun check = run("check");
      if (check.code() == 0) {
        return refusals;
      }
      assertThat(check.code()).as(check.said()).isEqualTo(3);
      Set<String> again = new LinkedHashSet<>();
      for (String line : check.err()) {
        Matcher named = REFUSED.matcher(line);
        while (named.find()) {
          String table = named.group(1);
          TestingKeyPool pool = tables.get(table).remove(Integer.parseInt(named.group(2)));
          if (pool != null) {
            refusals.put(table + ": " + pool, line);
            again.add(table);
          }
        }
      }
      assertThat(again).as("a refusal without a name: %s", check.said()).isNotEmpty();
      for (String table : again) {
        if (tables.get(table).isEmpty()) {
          tables.remove(table);
        } else {
          make(table);
        }
      }
    }
  }

  /** What the server itself makes of the same rows. */
  private List<Long> oracle(String table) throws SQLException {
    String keys = columns(tables.get(table).keySet(), i -> "k" + i);
    long before = database.count("SELECT count(*) FROM o_" + table);
    long planned = database.count("SELECT count(*) FROM s_" + table);
    database.execute(
        "INSERT INTO o_%1$s SELECT %3$s, n FROM s_%1$s ON CONFLICT (%2$s) DO UPDATE SET n = excluded.n"
            .formatted(table, keys, cast(tables.get(table))));
    long inserted = database.count("SELECT count(*) FROM o_" + table) - before;
    return List.of(
        planned, inserted, planned - inserted, before - (planned - inserted), 0L, 0L, 0L);
  }

  @Test
  void keysAreTheSameIfAndOnlyIfTheIndexSaysSo() throws Exception {
    Map<String, String> refusals = checked();
    refusals.forEach((key, why) -> System.out.println(key + " <- " + why));
    assertThat(refusals.keySet()).noneMatch(key -> PLAIN.contains(key.replaceFirst("\\w+: ", "")));

    TestingRun run = run("run");

    assertThat(run.code()).as("seed " + seed + "\n" + run.said()).isZero();
    for (String table : tables.keySet()) {
      List<Long> expected = oracle(table);
      String which = "step %s, keys %s, backfill.seed=%d".formatted(table, tables.get(table), seed);
      assertThat(differences(table)).as(which).isEmpty();
      assertThat(
              run.counts(
                  table,
                  "planned",
                  "inserted",
                  "updated",
                  "surplus",
                  "conflicts",
                  "changedMeanwhile",
                  "missing"))
          .as(which)
          .isEqualTo(expected);
    }
  }

  private List<Object> differences(String table) throws SQLException {
    String row =
        columns(tables.get(table).keySet(), i -> "k%d::text COLLATE \"C\"".formatted(i)) + ", n";
    return database
        .rows(
            """
            (SELECT 'target has ' || q::text FROM (SELECT %2$s FROM d_%1$s EXCEPT ALL SELECT %2$s FROM o_%1$s) q)
            UNION ALL
            (SELECT 'target lacks ' || q::text FROM (SELECT %2$s FROM o_%1$s EXCEPT ALL SELECT %2$s FROM d_%1$s) q)
            """
                .formatted(table, row))
        .stream()
        .map(difference -> difference.get(0))
        .toList();
  }
}
