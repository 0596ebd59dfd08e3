/**
 * The plan file and its language: what it says, checked as far as that needs no server. It uses the
 * rooms of levels and of SQL. Begin at {@code Plan}, which holds a plan that was read, and {@code
 * PlanFile}, which reads one.
 */
package backfill.plan;
