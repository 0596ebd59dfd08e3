/**
 * The lineage of a run: its events, as OpenLineage has them, and how they are sent by that
 * project's own client. It may use the report and what lies under it; nothing of it is loaded by a
 * run that sends none. Begin at {@code RunLineage}.
 */
package backfill.lineage;
