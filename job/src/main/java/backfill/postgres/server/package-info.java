/**
 * How to connect to a server, who it is, what its failures mean, and the settings of every session
 * of ours. It may use the plan. Begin at {@code Database}, {@code SessionSettings} and {@code
 * SqlFailure}.
 */
package backfill.postgres.server;
