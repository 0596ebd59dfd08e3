/**
 * Every check before a run: whether tables, columns, rights, indexes and sequences are as the plan
 * needs them. It may use every other room of PostgreSQL. Begin at {@code Preflight}.
 */
package backfill.postgres.preflight;
