------------------------------- MODULE Protocol -------------------------------
(***************************************************************************)
(* Lease, batches and takeover, as several runs of one plan do it beside   *)
(* each other: drivers that crash, freeze and wake, tasks with two         *)
(* attempts (a retry, or a copy by speculation), connections that go, a    *)
(* COMMIT whose answer is lost.                                            *)
(*                                                                         *)
(* A driver or an attempt that is frozen is one whose steps are not taken  *)
(* for a while, one that is dead takes none any more, and an executor      *)
(* writes on after its driver is gone: the model takes the steps of all of *)
(* them in every order, or leaves them. Time is whether a                  *)
(* lease is over by the server's clock, which can be at any moment. What   *)
(* stands here of PostgreSQL: READ COMMITTED, unique keys that let a       *)
(* second transaction wait for the first, advisory locks that end with the *)
(* transaction, and that a session may be ended at any moment.             *)
(*                                                                         *)
(* ProtocolTest checks it, and the variants that it must refute:           *)
(*   mvn -pl job test -Dtest=ProtocolTest                                  *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
  Runs,          \* one driver each, all of the same plan
  Attempts,      \* of the one task that writes the one partition
  Single,        \* runs of which no task has a second attempt, which makes fewer states
  Rows,          \* how many rows it has; each attempt gives them in the same order
  None,
  Cuts,          \* how many rows a batch may have, each time anew: PartitionWriter.endRow
  Stops,         \* whether a run may end before it is through
  Ends,          \* whether sessions are ended; without, a run that goes on comes to its end
  Deaths,        \* whether drivers and attempts die; without, they freeze, which allows the same and more

  \* How it is built; each is TRUE in the product, and ProtocolTest turns off one at a time.
  ChecksEpoch,   \* BatchLedger.entry: WHERE the leases' epochs are still ours
  SharesLock,    \* BatchLedger.fence and OpenBatches.end: the two sides of the advisory lock
  KeepsKeys,     \* LedgerTables: the primary key of batch
  SeesCommitted, \* SessionSettings: READ COMMITTED, not the snapshot of the transaction's first statement
  AsksHowFar,    \* BatchWriter.written: behind a batch of another attempt it goes on where the ledger says that it ended
  Seals,         \* Lease.seal, before a run counts what it wrote
  Expires,       \* Lease.takeOne: WHERE until < clock_timestamp()
  AwaitsRenewal  \* Lease.close: no renewal is on its way when the lease is let go

VARIABLES
  lease,         \* the row of the table lease: whose, its epoch, and whether `until` lies ahead
  raising,       \* the transaction that has locked that row to raise the epoch, and waits for open batches
  driver,        \* what each driver is at
  epoch,         \* in which it took the lease, as the slots of its tasks have it: LedgerSlot.forPartition
  attempt,       \* where each attempt is, and the key behind which its next batch begins
  tx,            \* its transaction at the server
  ledger,        \* the rows of the table batch
  target,        \* the rows that are in the target
  counted        \* what a run reports: the sum of its batches, after it was sealed

vars == <<lease, raising, driver, epoch, attempt, tx, ledger, target, counted>>

NoTx == [state |-> "none", after |-> 0, last |-> 0, added |-> {}, sees |-> <<None, 0>>]

Min(a, b) == IF a < b THEN a ELSE b
Sum(batches) == Cardinality(UNION {{<<b, row>> : row \in b.added} : b \in batches})
Of(run) == {b \in ledger : b.run = run}

Init ==
  /\ lease = [run |-> None, epoch |-> 0, valid |-> FALSE]
  /\ raising = [by |-> None, why |-> None]
  /\ driver = [r \in Runs |-> "waiting"]
  /\ epoch = [r \in Runs |-> 0]
  /\ attempt = [r \in Runs |-> [a \in Attempts |-> [state |-> "none", after |-> 0]]]
  /\ tx = [r \in Runs |-> [a \in Attempts |-> NoTx]]
  /\ ledger = {}
  /\ target = {}
  /\ counted = [r \in Runs |-> 0]

-------------------------------------------------------------------------------
(* The lease *)

\* Lease.takeOne, with no row there yet.
TakeFirst(r) ==
  /\ driver[r] = "waiting" /\ raising.by = None /\ lease.run = None
  /\ lease' = [run |-> r, epoch |-> 1, valid |-> TRUE]
  /\ epoch' = [epoch EXCEPT ![r] = 1]
  /\ driver' = [driver EXCEPT ![r] = "writing"]
  /\ UNCHANGED <<raising, attempt, tx, ledger, target, counted>>

\* Lease.takeOne, ON CONFLICT DO UPDATE … WHERE until < clock_timestamp(): the row is locked, and no one sees the new
\* epoch before the commit. A run that finds the lease valid goes home with 75, and comes again: nothing happens.
BeginTakeover(r) ==
  /\ driver[r] = "waiting" /\ raising.by = None /\ lease.run # None /\ ~lease.valid
  /\ raising' = [by |-> r, why |-> "takeover"]
  /\ UNCHANGED <<lease, driver, epoch, attempt, tx, ledger, target, counted>>

\* Lease.raise
BeginSeal(r) ==
  /\ driver[r] \in {"written", "stopped"} /\ raising.by = None
  /\ IF lease.run = r /\ lease.epoch = epoch[r]
       THEN raising' = [by |-> r, why |-> "seal"] /\ UNCHANGED <<driver, counted>>
       ELSE /\ UNCHANGED raising   \* another run has taken over: it has let our batches end
            /\ counted' = [counted EXCEPT ![r] = Sum(Of(r))]
            /\ driver' = [driver EXCEPT ![r] = "sealed"]
  /\ UNCHANGED <<lease, epoch, attempt, tx, ledger, target>>

Open(r, a) == tx[r][a].state \in {"locked", "wrote", "entered"}
NoneOpen == \A r \in Runs, a \in Attempts : ~Open(r, a)

\* OpenBatches.end gets pg_advisory_xact_lock, and the transaction commits.
Raise ==
  /\ raising.by # None
  /\ SharesLock => NoneOpen
  /\ LET r == raising.by IN
       IF raising.why = "takeover"
         THEN /\ lease' = [run |-> r, epoch |-> lease.epoch + 1, valid |-> TRUE]
              /\ epoch' = [epoch EXCEPT ![r] = lease.epoch + 1]
              /\ driver' = [driver EXCEPT ![r] = "writing"]
              /\ UNCHANGED counted
         ELSE /\ lease' = [lease EXCEPT !.epoch = @ + 1]
              /\ driver' = [driver EXCEPT ![r] = "sealed"]
              /\ counted' = [counted EXCEPT ![r] = Sum(Of(r))]
              /\ UNCHANGED epoch
  /\ raising' = [by |-> None, why |-> None]
  /\ UNCHANGED <<attempt, tx, ledger, target>>

\* The server ends the session that raises, or the client gives up: LeaseHeldException, or a connection that is lost.
GiveUpRaising ==
  /\ Ends /\ raising.by # None
  /\ raising' = [by |-> None, why |-> None]
  /\ UNCHANGED <<lease, driver, epoch, attempt, tx, ledger, target, counted>>

\* By the server's clock `until` is past.
Expire ==
  /\ Expires /\ lease.valid /\ raising.by = None
  /\ lease' = [lease EXCEPT !.valid = FALSE]
  /\ UNCHANGED <<raising, driver, epoch, attempt, tx, ledger, target, counted>>

\* Lease.renew: UPDATE … WHERE run_id = ?, by a thread of its own. It may be on its way when the lease is let go.
Renew(r) ==
  /\ driver[r] \in {"writing", "written", "stopped", "sealed"} \cup IF AwaitsRenewal THEN {} ELSE {"ended"}
  /\ raising.by = None   \* the row lock
  /\ lease.run = r
  /\ lease' = [lease EXCEPT !.valid = TRUE]
  /\ UNCHANGED <<raising, driver, epoch, attempt, tx, ledger, target, counted>>

\* Lease.close
Close(r) ==
  /\ driver[r] = "sealed" /\ raising.by = None
  /\ lease' = IF lease.run = r THEN [lease EXCEPT !.valid = FALSE] ELSE lease
  /\ driver' = [driver EXCEPT ![r] = "ended"]
  /\ UNCHANGED <<raising, epoch, attempt, tx, ledger, target, counted>>

\* kill -9, a machine that is gone. Its executors do not know it.
Crash(r) ==
  /\ Deaths /\ driver[r] \in {"writing", "written", "stopped", "sealed"}
  /\ \E other \in Runs : driver[other] = "waiting"   \* the same command is given again
  /\ driver' = [driver EXCEPT ![r] = "dead"]
  /\ raising' = IF raising.by = r THEN [by |-> None, why |-> None] ELSE raising
  /\ UNCHANGED <<lease, epoch, attempt, tx, ledger, target, counted>>

-------------------------------------------------------------------------------
(* The batches *)

\* The last key of the committed batches: BatchLedger.resume.
Resumed(r) ==
  LET ends == {b.last : b \in Of(r)} \cup {0}
  IN CHOOSE k \in ends : \A b \in Of(r) : b.last <= k

\* PartitionWriter: the first attempt does not ask the ledger, each other one does (rowsWrittenBefore).
Start(r, a) ==
  /\ driver[r] = "writing" /\ attempt[r][a].state = "none"
  /\ r \in Single => \A b \in Attempts : attempt[r][b].state = "none"
  /\ LET first == \A b \in Attempts : attempt[r][b].state = "none"
     IN attempt' = [attempt EXCEPT ![r][a] = [state |-> "ready", after |-> IF first THEN 0 ELSE Resumed(r)]]
  /\ UNCHANGED <<lease, raising, driver, epoch, tx, ledger, target, counted>>


\* BatchTransactions.begin: the first statement, with BatchLedger.fence, asks for the shared side of the lock. It gets
\* it at some time: the exclusive side is never held between two steps of the model, see Raise.
Begin(r, a) ==
  /\ attempt[r][a].state = "ready" /\ attempt[r][a].after < Rows
  /\ \E size \in Cuts :
       tx' = [tx EXCEPT ![r][a] =
         [state |-> IF SeesCommitted THEN "locked" ELSE "asked",
          after |-> attempt[r][a].after, last |-> Min(Rows, attempt[r][a].after + size), added |-> {},
          sees |-> IF SeesCommitted THEN <<None, 0>> ELSE <<lease.run, lease.epoch>>]]
  /\ attempt' = [attempt EXCEPT ![r][a].state = "in tx"]
  /\ UNCHANGED <<lease, raising, driver, epoch, ledger, target, counted>>

Lock(r, a) ==
  /\ tx[r][a].state = "asked"
  /\ tx' = [tx EXCEPT ![r][a].state = "locked"]
  /\ UNCHANGED <<lease, raising, driver, epoch, attempt, ledger, target, counted>>

\* An attempt whose next batch begins behind this key; one that is dead stays so.
Behind(old, key) == IF old.state = "in tx" THEN [state |-> "ready", after |-> key] ELSE old

Others(r, a) == {<<s, b>> \in Runs \X Attempts : <<s, b>> # <<r, a>>}

\* BatchSender.send: ON CONFLICT DO NOTHING, which waits for one that has added the same row and not committed.
Write(r, a) ==
  LET rows == (tx[r][a].after + 1) .. tx[r][a].last IN
  /\ tx[r][a].state = "locked"
  /\ \A o \in Others(r, a) : Open(o[1], o[2]) => tx[o[1]][o[2]].added \cap rows = {}
  /\ tx' = [tx EXCEPT ![r][a].state = "wrote", ![r][a].added = rows \ target]
  /\ UNCHANGED <<lease, raising, driver, epoch, attempt, ledger, target, counted>>

\* What BatchLedger.entry sees of the lease.
Sees(r, a) == IF SeesCommitted THEN <<lease.run, lease.epoch>> ELSE tx[r][a].sees

SameKey(r, a, s, b) == r = s /\ tx[r][a].after = tx[s][b].after

\* BatchLedger.enter. It waits for another attempt that has entered the same batch and not committed; where that one
\* is in, BatchWriter.written gives its own up and goes on behind what the ledger has, wherever that one was cut; where
\* the lease is another's: FencedException.
Enter(r, a) ==
  /\ tx[r][a].state = "wrote"
  /\ KeepsKeys =>
       \A o \in Others(r, a) :
         tx[o[1]][o[2]].state = "entered" => ~SameKey(r, a, o[1], o[2])
  /\ IF ChecksEpoch /\ Sees(r, a) # <<r, epoch[r]>>
       THEN /\ tx' = [tx EXCEPT ![r][a] = NoTx]
            /\ attempt' = [attempt EXCEPT ![r][a].state = IF @ = "in tx" THEN "fenced" ELSE @]
       ELSE IF KeepsKeys /\ \E b \in Of(r) : b.after = tx[r][a].after
         THEN /\ attempt' = [attempt EXCEPT ![r][a] =
                   IF AsksHowFar THEN Behind(@, Resumed(r)) ELSE Behind(@, tx[r][a].last)]
              /\ tx' = [tx EXCEPT ![r][a] = NoTx]
         ELSE /\ tx' = [tx EXCEPT ![r][a].state = "entered"]
              /\ UNCHANGED attempt
  /\ UNCHANGED <<lease, raising, driver, epoch, ledger, target, counted>>

\* BatchTransactions.commit, and the server commits. Its answer arrives, or is lost and settled (BatchTransactions.settled); the second line is a
\* client that was told nothing and gives the batch again, as every attempt may.
Commit(r, a) ==
  /\ tx[r][a].state = "entered"
  /\ ledger' = ledger \cup
       {[run |-> r, by |-> a, after |-> tx[r][a].after, last |-> tx[r][a].last, added |-> tx[r][a].added]}
  /\ target' = target \cup tx[r][a].added
  /\ \/ attempt' = [attempt EXCEPT ![r][a] = Behind(@, tx[r][a].last)]
     \/ attempt' = [attempt EXCEPT ![r][a] = Behind(@, @.after)]
  /\ tx' = [tx EXCEPT ![r][a] = NoTx]
  /\ UNCHANGED <<lease, raising, driver, epoch, counted>>

\* The session is ended: by OpenBatches.end, a timeout, a person, a network that is gone; whatever it had sent. Then
\* BatchTransactions.retried.
Abort(r, a) ==
  /\ Ends /\ tx[r][a].state # "none"
  /\ tx' = [tx EXCEPT ![r][a] = NoTx]
  /\ attempt' = [attempt EXCEPT ![r][a] = Behind(@, @.after)]
  /\ UNCHANGED <<lease, raising, driver, epoch, ledger, target, counted>>

\* An executor is lost, or Spark gives up the slower copy: what it sent is still on its way. Not the last one.
Kill(r, a) ==
  /\ Deaths /\ attempt[r][a].state \in {"ready", "in tx"}
  /\ \E b \in Attempts \ {a} : attempt[r][b].state \notin {"dead", "fenced"}
  /\ attempt' = [attempt EXCEPT ![r][a].state = "dead"]
  /\ UNCHANGED <<lease, raising, driver, epoch, tx, ledger, target, counted>>

\* An attempt has given all rows, and Spark takes the task for done; another one may be at work still.
Finish(r) ==
  /\ driver[r] = "writing"
  /\ \E a \in Attempts : attempt[r][a].state = "ready" /\ attempt[r][a].after = Rows
  /\ IF Seals
       THEN driver' = [driver EXCEPT ![r] = "written"] /\ UNCHANGED counted
       ELSE driver' = [driver EXCEPT ![r] = "sealed"] /\ counted' = [counted EXCEPT ![r] = Sum(Of(r))]
  /\ UNCHANGED <<lease, raising, epoch, attempt, tx, ledger, target>>

\* A signal, or a task that failed for good: the run ends before it is through, and counts what it wrote.
Stop(r) ==
  /\ Stops /\ driver[r] = "writing"
  /\ IF Seals
       THEN driver' = [driver EXCEPT ![r] = "stopped"] /\ UNCHANGED counted
       ELSE driver' = [driver EXCEPT ![r] = "sealed"] /\ counted' = [counted EXCEPT ![r] = Sum(Of(r))]
  /\ UNCHANGED <<lease, raising, epoch, attempt, tx, ledger, target>>

\* Every attempt failed: exit 6.
Fail(r) ==
  /\ driver[r] = "writing"
  /\ \E a \in Attempts : attempt[r][a].state = "fenced"
  /\ driver' = [driver EXCEPT ![r] = "fenced"]
  /\ UNCHANGED <<lease, raising, epoch, attempt, tx, ledger, target, counted>>

-------------------------------------------------------------------------------
OfLease(r) ==
  \/ TakeFirst(r) \/ BeginTakeover(r) \/ BeginSeal(r) \/ Close(r) \/ Finish(r) \/ Stop(r) \/ Fail(r) \/ Crash(r) \/ Renew(r)

OfBatch(r, a) ==
  \/ Begin(r, a) \/ Lock(r, a) \/ Write(r, a) \/ Enter(r, a) \/ Commit(r, a)

Next ==
  \/ Raise \/ GiveUpRaising \/ Expire
  \/ \E r \in Runs : OfLease(r)
  \/ \E r \in Runs, a \in Attempts : OfBatch(r, a) \/ Start(r, a) \/ Abort(r, a) \/ Kill(r, a)

Safety == Init /\ [][Next]_vars

\* Every run that lives goes on, a lease of one that does not runs out, and a run that waits comes again and again.
Progress(r) ==
  \/ TakeFirst(r) \/ BeginTakeover(r) \/ BeginSeal(r) \/ Close(r) \/ Finish(r) \/ Fail(r)
  \/ \E a \in Attempts : OfBatch(r, a) \/ Start(r, a)
Fair == WF_vars(Raise) /\ WF_vars(Expire) /\ \A r \in Runs : WF_vars(Progress(r))
Live == Safety /\ Fair

-------------------------------------------------------------------------------
(* What must hold *)

\* No batch of an earlier epoch is committed after a takeover, or after the run counted what it wrote.
OldEpochsAreOver ==
  [][\A r \in Runs :
       (\E b \in ledger' \ ledger : b.run = r) => lease.run = r /\ lease.epoch = epoch[r]]_vars

\* Each range of keys is in once, and none is left out before another.
EachRangeOnce ==
  /\ \A b, c \in ledger : b.run = c.run /\ b # c => (b.last <= c.after \/ c.last <= b.after)
  /\ \A b \in ledger : b.after = 0 \/ \E c \in ledger : c.run = b.run /\ c.last = b.after

\* The ledger's counts are the rows of the table.
CountsAreRows == Sum(ledger) = Cardinality(target)

\* What a run reports stays true.
ReportsStayTrue == \A r \in Runs : driver[r] \in {"sealed", "ended"} => counted[r] = Sum(Of(r))

\* A run that is done has written everything.
DoneIsDone == \A r \in Runs : driver[r] = "written" => target = 1 .. Rows

\* A run that is done keeps no other one waiting.
NoLeaseIsLeft == \A r \in Runs : (driver[r] = "ended" /\ lease.run = r) => ~lease.valid

\* Given again, the command comes to its end.
SomeRunEnds == <>(\E r \in Runs : driver[r] = "ended" /\ target = 1 .. Rows)
=============================================================================
