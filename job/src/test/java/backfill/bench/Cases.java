package backfill.bench;

import backfill.bench.BenchCase.Outcome;
import backfill.bench.BenchCase.Part;
import backfill.bench.Goal.Direction;
import backfill.testing.TestingUpstreamTables;
import java.util.List;

/** Coder's and GitLab's plans, each with its data, its peers and what must come out. */
final class Cases {
  /** The environment prefix of a plan's main database. */
  static final String MAIN = "BACKFILL";

  /** The environment prefix of the pipelines' database. */
  static final String CI = "BACKFILL_CI";

  private static final long MEMORY = 2L << 30;

  private static final String LEND_INDEX =
      "CREATE INDEX lent ON oauth2_provider_app_tokens (api_key_id);\n";

  private Cases() {}

  static List<BenchCase> all() {
    return List.of(
        coderPrebuildsMembership(),
        coderApiKeyScopes(),
        gitlabSeatAssignments(),
        gitlabPackagePipelines());
  }

  static BenchCase coderPrebuildsMembership() {
    return BenchCase.of(
            "coder-prebuilds-membership",
            "coder-prebuilds-membership",
            List.of(Part.upstream(MAIN, "coder-prebuilds")),
            List.of(Peer.sql("plain SQL", "coder-prebuilds-peer")),
            List.of(
                new Outcome(
                    "organization_members",
                    "SELECT user_id, organization_id, roles, created_at = updated_at FROM organization_members"),
                new Outcome(
                    "groups",
                    "SELECT name, organization_id, avatar_url, quota_allowance, display_name, source FROM groups"),
                new Outcome(
                    "group_members",
                    """
                SELECT g.organization_id, g.name, m.user_id
                FROM group_members m LEFT JOIN groups g ON g.id = m.group_id""")))
        .reaching(
            // What plain SQL takes is nothing beside the start of Spark, which the job can't do
            // without.
            Goal.seconds(Ways.OURS + BenchResult.READY_TO_VERIFIED, 1));
  }

  static BenchCase coderApiKeyScopes() {
    String migration = TestingUpstreamTables.sql("coder-api-keys-371");
    return BenchCase.of(
            "coder-api-key-scopes",
            "coder-api-key-scopes",
            List.of(Part.upstream(MAIN, "coder-api-keys")),
            List.of(
                Peer.sql(
                    "migration with an index lent",
                    Double.MAX_VALUE,
                    "BEGIN;\n" + LEND_INDEX + migration + "DROP INDEX lent;\nCOMMIT;"),
                // Each of 3 million keys looks through 200,000 tokens: more than ten hours at scale
                // 1.
                Peer.sql("upstream's migration", 0.05, "BEGIN;\n" + migration + "COMMIT;")),
            List.of(
                new Outcome("api_keys", "SELECT * FROM api_keys"),
                new Outcome(
                    "oauth2_provider_app_tokens", "SELECT * FROM oauth2_provider_app_tokens"),
                new Outcome(
                    "columns",
                    """
                SELECT column_name, ordinal_position, data_type, is_nullable, column_default
                FROM information_schema.columns WHERE table_name = 'api_keys'"""),
                new Outcome(
                    "indexes",
                    "SELECT indexdef FROM pg_indexes WHERE tablename IN ('api_keys', 'oauth2_provider_app_tokens')"),
                new Outcome(
                    "api_key_scope",
                    """
                SELECT enumlabel, rank() OVER (ORDER BY enumsortorder)
                FROM pg_enum WHERE enumtypid = 'api_key_scope'::regtype""")))
        .reaching(beside("migration with an index lent"));
  }

  static BenchCase gitlabSeatAssignments() {
    return BenchCase.of(
            "gitlab-seat-assignments",
            "gitlab-seat-assignments",
            List.of(Part.upstream(MAIN, "gitlab-seats")),
            List.of(Peer.sql("plain SQL", "gitlab-seats-peer")),
            List.of(
                new Outcome(
                    "subscription_seat_assignments",
                    """
                SELECT namespace_id, user_id, organization_id, seat_type, last_activity_on,
                       created_at = updated_at, created_at < '2025-01-01', updated_at < '2025-01-01'
                FROM subscription_seat_assignments""")))
        .reaching(beside("plain SQL"));
  }

  static BenchCase gitlabPackagePipelines() {
    return BenchCase.of(
            "gitlab-package-pipelines",
            "gitlab-package-pipelines",
            List.of(Part.upstream(MAIN, "gitlab-packages"), Part.upstream(CI, "gitlab-ci")),
            List.of(Peer.of("client with arrays", new Peer.InJava(PackagesPeer::run))),
            List.of(
                new Outcome(
                    "package_pipelines",
                    """
                SELECT package_id, pipeline_id, build_info_count, ref, sha, status, user_id
                FROM package_pipelines"""),
                new Outcome(
                    "package_file_pipelines",
                    """
                SELECT package_file_id, pipeline_id, build_info_count, ref, sha, status, user_id
                FROM package_file_pipelines"""),
                new Outcome(
                    "package_original_pipelines",
                    "SELECT package_id, pipeline_id, ref, sha, status, user_id FROM package_original_pipelines")))
        .reaching(beside("client with arrays"));
  }

  /** No slower than this one, in little memory, and with little of it for verify. */
  private static Goal[] beside(String peer) {
    return new Goal[] {
      Goal.ratio(peer, Ways.OURS, Direction.AT_LEAST, 1),
      Goal.peakBytes(Ways.OURS, MEMORY),
      Goal.verifyShare(0.1)
    };
  }
}
