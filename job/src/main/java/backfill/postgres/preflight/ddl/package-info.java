/**
 * The checks of steps that change the schema: whether each statement can be made when its turn
 * comes, on what the steps before it leave. It may use the room of changes and all below it. Begin
 * at {@code DdlCheck}.
 */
package backfill.postgres.preflight.ddl;
