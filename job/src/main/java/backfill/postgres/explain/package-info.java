/**
 * Why one user may see one object: which rows give a pair now, whether the target has it, and which
 * run wrote it. It may use every other room of PostgreSQL, and only reads. Begin at {@code
 * PairExplainer}.
 */
package backfill.postgres.explain;
