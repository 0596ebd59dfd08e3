package backfill.postgres.server;

/**
 * The servers of one database as they introduce themselves.
 *
 * @param read where rows are read; {@code named} itself unless a replica is named
 */
public record ServerPair(Server named, Server read) {}
