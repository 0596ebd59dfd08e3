package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

/** Coder's API keys: every second one is to go, every fourth has a token. */
final class TestingFaultedKeys extends TestingFaultedTables {
  private static List<String> migrated;

  private static final String EXPECTED =
      "(SELECT to_jsonb(b) - 'scope' || jsonb_build_object('scopes', ARRAY[b.scope], 'allow_list', ARRAY['*:*'])"
          + " FROM before_api_keys b WHERE b.expires_at >= now() - interval '7 days')";

  private static final String HELD = "(SELECT to_jsonb(k) - '" + UNRELATED + "' FROM api_keys k)";

  TestingFaultedKeys(TestingDatabase database) {
    super(TestingFaultedPlan.API_KEYS, database);
  }

  @Override
  String changed() {
    return """
        SELECT 'purge', count(*) FROM before_api_keys b WHERE NOT EXISTS (SELECT FROM api_keys k WHERE k.id = b.id)
        UNION ALL SELECT 'fill', count(*) FROM api_keys k WHERE to_jsonb(k) ->> 'scopes' IS NOT NULL""";
  }

  @Override
  String missing() {
    return EXPECTED + " EXCEPT ALL " + HELD;
  }

  @Override
  String surplus() {
    return HELD
        + " EXCEPT ALL "
        + EXPECTED
        + " UNION ALL SELECT jsonb_build_array(t.id) FROM oauth2_provider_app_tokens t"
        + " WHERE NOT EXISTS (SELECT FROM api_keys k WHERE k.id = t.api_key_id)";
  }

  /** The schema is upstream's, too, apart from what a fault added. */
  @Override
  void assertComplete(String after) throws Exception {
    super.assertComplete(after);
    assertThat(TestingApiKeys.of(database).schema().stream().filter(TestingFaultedKeys::isCoders))
        .as(after)
        .containsExactlyElementsOf(migrated());
  }

  private static boolean isCoders(String line) {
    return !line.contains("before_") && !line.contains(UNRELATED);
  }

  private static synchronized List<String> migrated() throws Exception {
    if (migrated == null) {
      try (TestingApiKeys upstream = TestingApiKeys.create().migrate()) {
        migrated = upstream.schema();
      }
    }
    return migrated;
  }
}
