/**
 * Commands of a plan's own that a run calls: what they are told, and how long they may take. It
 * uses the report, which is what they are told. Begin at {@code RunHooks}.
 */
package backfill.hook;
