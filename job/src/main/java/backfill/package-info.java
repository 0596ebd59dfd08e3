/**
 * The door for {@code spark-submit}. It may use the command line and the report; everything else is
 * in the rooms below. Begin at {@code Main}.
 *
 * <p>The words of the code, with the class that each is where it is one:
 *
 * <ul>
 *   <li>arbiter ({@code Arbiter}): the unique index that decides what a conflict is
 *   <li>batch ({@code Batch}): rows that are written in one transaction
 *   <li>cascaded ({@code CascadedTable}): rows that a foreign key took along with a deleted one
 *   <li>change ({@code Change}): a step that changes a database from within: batches or ddl
 *   <li>conflict: a row to insert whose key another session inserted first
 *   <li>diff ({@code DiffCounts}): what a step is to write, after what the target has
 *   <li>fenced ({@code FencedException}): kept from writing, because another run took over
 *   <li>fill ({@code Fill}): a step that fills a table, with pairs or with rows
 *   <li>foreign: a planned row whose key a row holds that is not the step's; it is left alone
 *   <li>foretold ({@code Foretold}): counted before a change runs, as earlier steps leave things
 *   <li>gain ({@code Gainer}): a user or an object, and the pairs that a step adds to it
 *   <li>given back ({@code GivenBack}): inserted again after it was taken away since the last run
 *   <li>grant ({@code Grant}): a source of rows (object, user) or (object, group)
 *   <li>group map ({@code GroupMap}): group to its users, nested groups resolved
 *   <li>in place ({@code InPlace}): what the plan calls batches: rows set or deleted by a condition
 *   <li>lease ({@code Lease}): what keeps other runs away from a plan and its targets
 *   <li>ledger ({@code RunLedger}): the tables in which a run keeps what its batches did
 *   <li>left out ({@code LeftOut}): rows of a source's table that the source does not give
 *   <li>loss ({@code Losses}): who would lose most pairs by a step
 *   <li>missing ({@code Verified}): planned, still justified, not rejected, and absent
 *   <li>overlay ({@code Overlay}): what a dry run's steps would write, laid over their targets
 *   <li>owned ({@code OwnedRows}): the rows of a target that are a step's at all
 *   <li>pace ({@code Pacing}): how fast writers may go on, or that they pause
 *   <li>pair ({@code Pairs}): an object and a user who may see it
 *   <li>parent ({@code ParentKey}): the row that a foreign key of the target refers to
 *   <li>part ({@code WritePart}): one of the writes of a step: its inserts, updates or deletes
 *   <li>pending ({@code Pending}): not there yet; an earlier step of the run will make it
 *   <li>piece ({@code PieceSize}): the rows of a batch that one statement takes
 *   <li>plan ({@code Plan}): the file, read; the command plan is a dry run
 *   <li>planned: rows that the sources justify
 *   <li>preflight ({@code Preflight}): every check before a run; a recheck is made before a turn
 *   <li>present: planned rows whose key the target had
 *   <li>reading ({@code Reading}): one snapshot of each database, and what is read in them
 *   <li>refusal ({@code Refusal}): a guard's no to a write, before the write
 *   <li>rejected ({@code Rejection}): a planned row that the server, or its column, did not take
 *   <li>room: a package of the code; what it may use stands in its package-info
 *   <li>signal ({@code PaceSignal}): a number that, while steps write, may hold them back
 *   <li>slot ({@code LedgerSlot}): what a writer needs to enter its batches in the ledger
 *   <li>snapshot ({@code Snapshot}): one state of a database, exported for every reader
 *   <li>source ({@code Source}): a table of the plan that steps read
 *   <li>stage ({@code Stage}): load, preflight, read, flatten, diff, write, verify or report
 *   <li>step ({@code Step}): one entry of a plan's list of steps
 *   <li>surplus: rows of the target that no source justifies
 *   <li>target ({@code Target}): the table that a step writes, with its arbiter
 *   <li>throttle ({@code Throttling}): what holds a run's writers back, by signals or by hand
 *   <li>turn ({@code Turn}): the steps that share their snapshots, or one change
 *   <li>undeletable: a row to delete that the server keeps
 *   <li>unfitting: a row that no statement can write, for a NULL key or a value of another type
 *   <li>walk ({@code Walk}): one pass along the turns: the count before writing, or the run
 * </ul>
 */
package backfill;
