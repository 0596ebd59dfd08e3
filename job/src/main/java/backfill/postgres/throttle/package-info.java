/**
 * What slows a run's writers down, or pauses them: the signals that the driver reads, what it makes
 * of them, and how each writer keeps to it. It may use the ledger and the rooms below that. Begin
 * at {@code Throttling}.
 */
package backfill.postgres.throttle;
