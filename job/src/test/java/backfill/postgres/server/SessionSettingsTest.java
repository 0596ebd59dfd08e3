package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Plan;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Each setting that a role may change is one of ours, or has a reason why not. */
class SessionSettingsTest {
  /** Reason to settings; a name that ends in * is a beginning. */
  private static final Map<String, List<String>> HARMLESS = new LinkedHashMap<>();

  static {
    harmless("the driver sets them", "application_name", "client_encoding");
    harmless("the role's own, without pg_catalog in it", "search_path");
    harmless(
        "preflight refuses a target that begins so, because it is somebody's word",
        "default_transaction_read_only");
    harmless(
        "of one transaction; ours say what they are",
        "transaction_isolation",
        "transaction_read_only",
        "transaction_deferrable");
    harmless(
        "which way an answer is found, never which answer",
        "constraint_exclusion",
        "cpu_*",
        "cursor_tuple_fraction",
        "debug_parallel_query",
        "force_parallel_mode",
        "effective_*",
        "enable_*",
        "from_collapse_limit",
        "geqo*",
        "join_collapse_limit",
        "jit*",
        "max_parallel_*",
        "min_parallel_*",
        "parallel_*",
        "plan_cache_mode",
        "random_page_cost",
        "recursive_worktable_factor",
        "seq_page_cost",
        "synchronize_seqscans",
        "default_statistics_target");
    harmless(
        "how much memory, disk and time it takes",
        "backend_flush_after",
        "commit_siblings",
        "gin_pending_list_limit",
        "hash_mem_multiplier",
        "io_combine_limit",
        "logical_decoding_work_mem",
        "maintenance_*",
        "temp_buffers",
        "vacuum_*",
        "wal_skip_threshold",
        "work_mem");
    harmless(
        "where and how a new table is stored",
        "default_table_access_method",
        "default_tablespace",
        "default_toast_compression",
        "file_copy_method",
        "temp_tablespaces");
    harmless(
        "how durable a commit is, which is the operator's decision; rows and ledger share it",
        "synchronous_commit");
    harmless(
        "how soon a dead peer is noticed",
        "client_connection_check_interval",
        "tcp_*",
        "wal_sender_*");
    harmless(
        "what is logged, or said beside an answer",
        "client_min_messages",
        "debug_pretty_print",
        "debug_print_*",
        "escape_string_warning",
        "icu_validation_level",
        "log_parameter_max_length_on_error",
        "md5_password_warnings",
        "trace_*");
    harmless(
        "of roles and passwords",
        "createrole_self_grant",
        "password_encryption",
        "scram_iterations");
    harmless(
        "of logical replication alone",
        "debug_logical_replication_streaming",
        "logical_replication_mode");
    harmless("of statistics views within one transaction", "stats_fetch_consistency");
    harmless(
        "an error where it matters, and never another answer",
        "local_preload_libraries",
        "restrict_nonsystem_relation_kind");
    harmless("of statistics about statements", "pg_stat_statements.*");
  }

  private static void harmless(String reason, String... names) {
    HARMLESS.put(reason, List.of(names));
  }

  private static boolean isHarmless(String name) {
    return HARMLESS.values().stream()
        .flatMap(List::stream)
        .anyMatch(
            known ->
                known.endsWith("*")
                    ? name.startsWith(known.substring(0, known.length() - 1))
                    : name.equals(known));
  }

  @Test
  void everySettingOfAUserIsPinnedOrHarmless() throws SQLException {
    List<String> pinned =
        SessionSettings.pinned(Plan.UTC).stream().map(SessionSettings.Pinned::name).toList();
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      List<String> unknown = new ArrayList<>();
      for (List<Object> row :
          database.rows("SELECT name FROM pg_settings WHERE context = 'user' ORDER BY name")) {
        String name = row.get(0).toString();
        assertThat(pinned.contains(name) && isHarmless(name)).as(name + " is both").isFalse();
        if (!pinned.contains(name) && !isHarmless(name)) {
          unknown.add(name);
        }
      }
      assertThat(unknown)
          .as("settings that are new: pin each, or say why it is harmless")
          .isEmpty();
      assertThat(
              database.rows(
                  "SELECT name FROM pg_settings WHERE context = 'user' AND name = ANY ('{%s}')"
                      .formatted(String.join(",", pinned))))
          .hasSize((int) knownTo(database));
    }
  }

  /** How many of ours this server knows. */
  private static long knownTo(TestingDatabase database) throws SQLException {
    long version = database.count("SELECT current_setting('server_version_num')::int / 10000");
    return SessionSettings.pinned(Plan.UTC).stream()
        .filter(setting -> setting.since() <= version)
        .count();
  }

  @Test
  void theHostileRoleHasAnotherValueOfEach() {
    Map<String, String> hostile = TestingHostileSettings.settings(99);
    TreeSet<String> names = new TreeSet<>(hostile.keySet());
    names.remove("search_path");
    assertThat(names)
        .isEqualTo(
            new TreeSet<>(
                SessionSettings.pinned(Plan.UTC).stream()
                    .map(SessionSettings.Pinned::name)
                    .toList()));
    SessionSettings.pinned(Plan.UTC)
        .forEach(setting -> assertThat(hostile.get(setting.name())).isNotEqualTo(setting.value()));
  }

  @Test
  void helpNamesEachWithItsValue() throws IOException {
    String help;
    try (InputStream reference = getClass().getResourceAsStream("/reference.conf")) {
      help =
          new String(reference.readAllBytes(), StandardCharsets.UTF_8)
              .replaceFirst("(?s).*# ---- sessions ----.*?(?=TimeZone)", "")
              .replaceFirst("(?s)# What runs for long.*", "")
              .replaceAll("\\R# *", " ");
    }
    for (SessionSettings.Pinned setting : SessionSettings.pinned("the plan's time-zone")) {
      String value = setting.value();
      assertThat(help)
          .containsPattern("\\b" + setting.name() + " '?" + Pattern.quote(value) + "'?(,|\\s|$)");
    }
    assertThat(help.split(", (?!MDY)"))
        .as("and no other")
        .hasSize(SessionSettings.pinned(Plan.UTC).size());
  }

  @Test
  void eachHasAReason() {
    assertThat(SessionSettings.pinned(Plan.UTC))
        .allSatisfy(setting -> assertThat(setting.reason()).hasSizeGreaterThan(10));
  }
}
