/**
 * Steps that change a database from within: batches along a key, and statements that change the
 * schema. It may use the room of writes and all below it. Begin at {@code InPlaceRun} and {@code
 * DdlRun}.
 */
package backfill.postgres.change;
