package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;

/**
 * The rows of an access diff beside what the server's tables had before a run and have after it.
 */
public final class TestingDiff {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int CHECKSUM_BYTES = 16;

  private TestingDiff() {}

  /** The rows of a file of JSON lines. */
  public static List<JsonNode> rows(Path file) throws IOException {
    return text(file).lines().map(TestingDiff::parsed).toList();
  }

  /** Those that a dry run of a plan writes to a file. */
  public static List<JsonNode> ofDryRun(
      TestingDatabase database, Path plan, Path file, String... options) throws Exception {
    List<String> words = new ArrayList<>(List.of("--diff", file.toString()));
    words.addAll(List.of(options));
    TestingRun dry =
        TestingRun.of(database.environment(), "plan", plan, words.toArray(String[]::new));
    assertThat(dry.code()).as(dry.said()).isZero();
    return rows(file);
  }

  /** Those of one step. */
  public static List<JsonNode> rows(Path file, String step) throws IOException {
    return rows(file).stream().filter(row -> row.path("step").asText().equals(step)).toList();
  }

  public static String text(Path file) throws IOException {
    try (InputStream in =
        file.toString().endsWith(".gz")
            ? new GZIPInputStream(Files.newInputStream(file))
            : Files.newInputStream(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static JsonNode parsed(String line) {
    try {
      return JSON.readTree(line);
    } catch (IOException e) {
      throw new AssertionError(line, e);
    }
  }

  /** Each row of a table, as texts by column, by the texts of its key. */
  public static Map<Map<String, String>, Map<String, String>> table(
      TestingDatabase database, String table, String... key) throws SQLException {
    Map<Map<String, String>, Map<String, String>> rows = new LinkedHashMap<>();
    if (database.rows("SELECT to_regclass('" + table + "')").get(0).get(0) == null) {
      return rows;
    }
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      statement.execute("SET timezone = 'UTC'");
      try (ResultSet result = statement.executeQuery(texts(database, table))) {
        while (result.next()) {
          Map<String, String> row = new TreeMap<>();
          for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
            row.put(result.getMetaData().getColumnName(i), result.getString(i));
          }
          Map<String, String> of = new TreeMap<>();
          for (String column : key) {
            of.put(column, row.get(column));
          }
          rows.put(of, row);
        }
      }
    }
    return rows;
  }

  private static String texts(TestingDatabase database, String table) throws SQLException {
    return database
        .rows(
            "SELECT 'SELECT ' || string_agg(format('%%1$I::text AS %%1$I', attname), ', ') || ' FROM %s'"
                    .formatted(table)
                + " FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid = '"
                + table
                + "'::regclass")
        .get(0)
        .get(0)
        .toString();
  }

  /**
   * The rows of a step are those by which the table became what it is, no more and no less, and say
   * of each value what it was and is, but for those that vary.
   */
  public static void assertSame(
      List<JsonNode> rows,
      Map<Map<String, String>, Map<String, String>> before,
      Map<Map<String, String>, Map<String, String>> after) {
    Set<String> expected = new TreeSet<>();
    before.forEach(
        (key, row) -> {
          if (!after.containsKey(key)) {
            expected.add("DELETE " + key);
          } else if (!after.get(key).equals(row)) {
            expected.add("UPDATE " + key);
          }
        });
    after.keySet().stream()
        .filter(key -> !before.containsKey(key))
        .forEach(key -> expected.add("INSERT " + key));
    Set<String> told = new TreeSet<>();
    for (JsonNode row : rows) {
      Map<String, String> key = texts(row.path("key"));
      assertThat(told.add(row.path("event").asText() + " " + key)).as("twice: " + row).isTrue();
      assertThat(before.getOrDefault(key, Map.of()))
          .as(row.toString())
          .containsAllEntriesOf(texts(row.path("before")));
      if (row.has("after")) {
        Map<String, String> set = texts(row.path("after"));
        row.path("varying").forEach(column -> set.remove(column.asText()));
        assertThat(after.getOrDefault(key, Map.of())).as(row.toString()).containsAllEntriesOf(set);
      }
    }
    assertThat(told).isEqualTo(expected);
  }

  /** The checksum of these rows, as {@code help diff} defines it. */
  public static String checksum(List<JsonNode> rows) throws NoSuchAlgorithmException {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    BigInteger sum = BigInteger.ZERO;
    for (JsonNode row : rows) {
      Set<String> varying = new TreeSet<>();
      row.path("varying").forEach(column -> varying.add(column.asText()));
      sha256.update((byte) row.path("event").asText().charAt(0));
      for (Map.Entry<String, JsonNode> each : row.path("key").properties()) {
        digest(sha256, each, varying);
      }
      for (Map.Entry<String, JsonNode> each : row.path("after").properties()) {
        digest(sha256, Map.entry("", TextNode.valueOf(each.getKey())), varying);
        digest(sha256, each, varying);
      }
      sum = sum.add(new BigInteger(1, Arrays.copyOf(sha256.digest(), CHECKSUM_BYTES)));
    }
    return "%032x".formatted(sum.mod(BigInteger.ONE.shiftLeft(Byte.SIZE * CHECKSUM_BYTES)));
  }

  /** A value with its length before it, which is -1 for none and -2 for one that varies. */
  private static void digest(
      MessageDigest sha256, Map.Entry<String, JsonNode> column, Set<String> varying) {
    boolean varies = varying.contains(column.getKey());
    boolean none = varies || column.getValue().isNull();
    byte[] value = none ? new byte[0] : column.getValue().asText().getBytes(StandardCharsets.UTF_8);
    int length = varies ? -2 : none ? -1 : value.length;
    sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(length).array());
    sha256.update(value);
  }

  static Map<String, String> texts(JsonNode object) {
    Map<String, String> texts = new TreeMap<>();
    object
        .properties()
        .forEach(
            each ->
                texts.put(
                    each.getKey(), each.getValue().isNull() ? null : each.getValue().asText()));
    return texts;
  }
}
