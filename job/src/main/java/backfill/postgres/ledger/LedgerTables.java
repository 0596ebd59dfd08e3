package backfill.postgres.ledger;

import backfill.postgres.server.TableName;
import java.util.List;
import java.util.stream.Stream;

/**
 * The ledger's schema: what {@code run} creates where it is missing, and what a person may create
 * beforehand.
 */
public final class LedgerTables {
  private LedgerTables() {}

  /**
   * The statements that create it; each may be repeated.
   *
   * @param schema as the setting names it, not quoted
   */
  public static List<String> create(String schema) {
    return Stream.concat(tables(schema).stream(), newColumns(schema).stream()).toList();
  }

  /** What tables of an earlier version lack. */
  static List<String> newColumns(String schema) {
    String in = TableName.quote(schema) + ".";
    return List.of(
        """
        ALTER TABLE %srun
          ADD COLUMN IF NOT EXISTS undoes      uuid,
          ADD COLUMN IF NOT EXISTS approval    jsonb,
          ADD COLUMN IF NOT EXISTS keys_pruned timestamptz,
          ADD COLUMN IF NOT EXISTS asked       jsonb,
          ADD COLUMN IF NOT EXISTS pace        jsonb"""
            .formatted(in),
        """
        ALTER TABLE %sbatch
          ADD COLUMN IF NOT EXISTS target    text,
          ADD COLUMN IF NOT EXISTS event     text,
          ADD COLUMN IF NOT EXISTS first_key bigint,
          ADD COLUMN IF NOT EXISTS final_key bigint,
          ADD COLUMN IF NOT EXISTS keys      bytea,
          ALTER COLUMN keys SET STORAGE EXTERNAL"""
            .formatted(in));
  }

  private static List<String> tables(String schema) {
    String in = TableName.quote(schema) + ".";
    return List.of(
        "CREATE SCHEMA IF NOT EXISTS " + TableName.quote(schema),
        """
        CREATE TABLE IF NOT EXISTS %srun (
          run_id     uuid PRIMARY KEY,
          plan       text NOT NULL,
          plan_hash  text NOT NULL,
          now        timestamptz NOT NULL,
          labels     jsonb NOT NULL,
          status     text NOT NULL,
          host       text NOT NULL,
          started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
          ended_at   timestamptz,
          report     jsonb)"""
            .formatted(in),
        """
        CREATE TABLE IF NOT EXISTS %sbatch (
          run_id       uuid NOT NULL,
          step         text NOT NULL,
          partition    integer NOT NULL,
          after_key    text NOT NULL,
          last_key     text NOT NULL,
          rows         bigint NOT NULL,
          changed      bigint NOT NULL,
          kept         bigint NOT NULL,
          rejected     bigint NOT NULL,
          details      jsonb,
          statements   bigint NOT NULL,
          retries      bigint NOT NULL,
          xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
          committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
          PRIMARY KEY (run_id, step, partition, after_key))"""
            .formatted(in),
        """
        CREATE TABLE IF NOT EXISTS %slease (
          name   text PRIMARY KEY,
          run_id uuid NOT NULL,
          epoch  bigint NOT NULL,
          host   text NOT NULL,
          since  timestamptz NOT NULL,
          until  timestamptz NOT NULL)"""
            .formatted(in));
  }
}
