/**
 * The demonstration: an embedded server, its data, and the two runs beside each other. It may use
 * the rooms of PostgreSQL, the plan and memberships, and nothing of Spark. Begin at {@code
 * DemoServer}.
 */
package backfill.demo;
