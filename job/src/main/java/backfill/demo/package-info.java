/**
 * The demonstration: an embedded server and its data. It may use the rooms of PostgreSQL, the plan
 * and memberships, and nothing of Spark. Begin at {@code DemoServer}.
 */
package backfill.demo;
