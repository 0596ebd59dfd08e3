/**
 * Tables, columns, types, indexes and rights, as the system catalogs have them, and the rule by
 * which an index decides what a conflict is. It may use the server. Begin at {@code Catalog} and
 * {@code Table}.
 */
package backfill.postgres.catalog;
