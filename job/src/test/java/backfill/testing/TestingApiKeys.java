package backfill.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Random;

/**
 * Coder's API keys before migration 000371 in a database of a test, and what upstream makes of
 * them.
 */
public final class TestingApiKeys implements AutoCloseable {
  public static final String PLAN = "coder-api-key-scopes";

  /** What the migration did, in its order; the values are added by {@link #migrate}. */
  private static final List<String> MIGRATION =
      List.of(
          "DELETE FROM api_keys WHERE expires_at < now() - interval '7 days'",
          "ALTER TABLE api_keys ADD COLUMN scopes api_key_scope[]",
          "ALTER TABLE api_keys ADD COLUMN allow_list text[]",
          "UPDATE api_keys SET scopes = ARRAY[scope::api_key_scope], allow_list = ARRAY['*:*']",
          "ALTER TABLE api_keys ALTER COLUMN scopes SET NOT NULL",
          "ALTER TABLE api_keys ALTER COLUMN allow_list SET NOT NULL",
          "ALTER TABLE api_keys DROP COLUMN scope");

  public final TestingDatabase database;

  private TestingApiKeys(TestingDatabase database) {
    this.database = database;
  }

  /** Those of a database that has them. */
  static TestingApiKeys of(TestingDatabase database) {
    return new TestingApiKeys(database);
  }

  /** One user, one application secret, no key. */
  public static TestingApiKeys create() throws SQLException {
    return create(TestingPostgres.shared());
  }

  public static TestingApiKeys create(TestingPostgres server) throws SQLException {
    TestingApiKeys keys = new TestingApiKeys(server.createDatabase());
    TestingUpstreamTables.load(keys.database, "coder-api-keys");
    keys.database.execute(
        "INSERT INTO users (id, email) VALUES ('00000000-0000-0000-0000-000000000001', 'a@example.org')",
        "INSERT INTO oauth2_provider_apps VALUES ('00000000-0000-0000-0000-000000000002', 'app')",
        "INSERT INTO oauth2_provider_app_secrets VALUES ('00000000-0000-0000-0000-000000000003',"
            + " '00000000-0000-0000-0000-000000000002')");
    return keys;
  }

  /** An INSERT in the old way. */
  public static String insert(String id, String expires, String scope) {
    return """
        INSERT INTO api_keys (id, hashed_secret, user_id, last_used, expires_at, created_at, updated_at, login_type,
          scope, token_name)
        VALUES ('%s', 'x', '00000000-0000-0000-0000-000000000001', '2025-01-01', %s, '2025-01-01', '2025-01-02',
          'password', '%s', '')"""
        .formatted(id, expires, scope);
  }

  public TestingApiKeys key(String id, String expires, String scope) throws SQLException {
    database.execute(insert(id, expires, scope));
    return this;
  }

  public TestingApiKeys token(String key) throws SQLException {
    database.execute(
        """
        INSERT INTO oauth2_provider_app_tokens (id, created_at, expires_at, hash_prefix, refresh_hash, app_secret_id,
          api_key_id, user_id)
        SELECT gen_random_uuid(), now(), now(), gen_random_uuid()::text::bytea, 'x',
          '00000000-0000-0000-0000-000000000003', '%s', '00000000-0000-0000-0000-000000000001'"""
            .formatted(key));
    return this;
  }

  /** So many keys, of which every second expired long ago, and one token for every fourth. */
  public TestingApiKeys many(int keys) throws SQLException {
    database.execute(
        """
        INSERT INTO api_keys (id, hashed_secret, user_id, last_used, expires_at, created_at, updated_at, login_type,
          scope)
        SELECT 'key' || n, 'x', '00000000-0000-0000-0000-000000000001', '2025-01-01',
          CASE WHEN n %% 2 = 0 THEN now() - interval '30 days' ELSE now() + interval '30 days' END,
          '2025-01-01', '2025-01-02', 'password',
          (ARRAY['all', 'application_connect'])[1 + n %% 2]::api_key_scope
        FROM generate_series(1, %d) n"""
            .formatted(keys),
        """
        INSERT INTO oauth2_provider_app_tokens (id, created_at, expires_at, hash_prefix, refresh_hash, app_secret_id,
          api_key_id, user_id)
        SELECT gen_random_uuid(), now(), now(), n::text::bytea, 'x', '00000000-0000-0000-0000-000000000003',
          'key' || n, '00000000-0000-0000-0000-000000000001'
        FROM generate_series(4, %d, 4) n"""
            .formatted(keys));
    return this;
  }

  /** Random keys, around the border between expired and not, with tokens for some. */
  public TestingApiKeys random(long seed, int keys) throws SQLException {
    Random random = new Random(seed);
    List<String> expiries =
        List.of(
            "'infinity'",
            "'-infinity'",
            "now() - interval '8 days'",
            "now() - interval '6 days'",
            "now() - interval '7 days 1 hour'",
            "now() - interval '6 days 23 hours'",
            "now() + interval '1 day'",
            "'2020-02-02'");
    for (int i = 0; i < keys; i++) {
      String id = "k" + Integer.toString(random.nextInt(1_000_000), 36) + "-" + i;
      key(
          id,
          expiries.get(random.nextInt(expiries.size())),
          random.nextBoolean() ? "all" : "application_connect");
      for (int token = random.nextInt(3); token > 0; token--) {
        token(id);
      }
    }
    return this;
  }

  /** As upstream's migration leaves it. */
  public TestingApiKeys migrate() throws SQLException {
    for (String value : values()) {
      database.execute("ALTER TYPE api_key_scope ADD VALUE IF NOT EXISTS '" + value + "'");
    }
    database.execute(MIGRATION.toArray(String[]::new));
    return this;
  }

  /** Where Coder's migrator stands: it keeps the number of the last migration in a table. */
  public TestingApiKeys at(int version) throws SQLException {
    database.execute(
        "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)",
        "INSERT INTO schema_migrations VALUES (" + version + ", false)");
    return this;
  }

  /** As a Coder of release 2.27 starts: all migrations up to 376 in one transaction. */
  public void upgrade() throws SQLException {
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      ResultSet row = statement.executeQuery("SELECT version FROM schema_migrations");
      row.next();
      if (row.getInt(1) < 371) {
        statement.execute(TestingUpstreamTables.sql("coder-api-keys-371"));
      }
      statement.execute("UPDATE schema_migrations SET version = 376");
      connection.commit();
    }
  }

  /** The values that the migration adds, as upstream lists them. */
  private static List<String> values() {
    return TestingUpstreamTables.resource("/upstream/coder-api-key-scopes.txt").lines().toList();
  }

  /** Everything that the catalog says of the tables and of the type, in order. */
  public List<String> schema() throws SQLException {
    return database
        .rows(
            """
        SELECT 1, c.relname::text, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum)::text, a.attname::text,
               format_type(a.atttypid, a.atttypmod), a.attnotnull::text, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
        UNION ALL
        SELECT 2, conrelid::regclass::text, '', conname, pg_get_constraintdef(oid), convalidated::text, ''
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL
        SELECT 3, indrelid::regclass::text, '', indexrelid::regclass::text, pg_get_indexdef(indexrelid),
               indisvalid::text, ''
        FROM pg_index WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        UNION ALL
        SELECT 4, enumtypid::regtype::text, to_char(row_number() OVER (PARTITION BY enumtypid ORDER BY enumsortorder),
               'FM000'), enumlabel, '', '', ''
        FROM pg_enum
        UNION ALL
        SELECT 5, tgrelid::regclass::text, '', tgname, pg_get_triggerdef(oid), '', '' FROM pg_trigger
        WHERE NOT tgisinternal
        ORDER BY 1, 2, 3, 4""")
        .stream()
        .map(List::toString)
        .toList();
  }

  /** Every key and every token. */
  public List<List<Object>> rows() throws SQLException {
    List<List<Object>> rows =
        new java.util.ArrayList<>(
            database.rows("SELECT k::text FROM api_keys k ORDER BY k.id COLLATE \"C\""));
    rows.addAll(
        database.rows(
            "SELECT api_key_id, count(*) FROM oauth2_provider_app_tokens GROUP BY api_key_id ORDER BY api_key_id COLLATE \"C\""));
    return rows;
  }

  /** A database with the same rows, made by its server from this one, which nobody else may use. */
  public TestingApiKeys copy() throws SQLException {
    return new TestingApiKeys(TestingPostgres.shared().copy(database));
  }

  /** Runs a command of the plan in this JVM. */
  public TestingRun run(String... words) {
    List<String> all = new java.util.ArrayList<>(List.of(words));
    all.add(1, PLAN);
    return TestingRun.of(database.environment(), all.toArray(String[]::new));
  }

  @Override
  public void close() throws SQLException {
    database.close();
  }
}
