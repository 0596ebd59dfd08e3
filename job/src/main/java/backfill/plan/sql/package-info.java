/**
 * What stands in a piece of SQL, found without a server: its tokens, its parameters, its tables. It
 * uses no other room. Begin at {@code SqlLexer}.
 */
package backfill.plan.sql;
