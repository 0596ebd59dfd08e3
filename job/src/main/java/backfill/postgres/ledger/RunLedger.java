package backfill.postgres.ledger;

import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.server.Database;
import backfill.postgres.server.Retry;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;

/**
 * The ledger and the lease of one run; with {@code ledger = off} neither, and nothing is known of
 * it.
 */
public final class RunLedger implements AutoCloseable {
  private final Ledger ledger;
  private final Lease lease;

  private RunLedger(Ledger ledger, Lease lease) {
    this.ledger = ledger;
    this.lease = lease;
  }

  /** Of a run that keeps none. */
  public static RunLedger off() {
    return new RunLedger(null, null);
  }

  /**
   * A run that begins.
   *
   * @param plan a plan's name
   * @param now the run's {@code :now}, as the server printed it; null for the time by its clock
   * @param labelsJson an object of texts
   * @param undoes the run that it takes back, or null
   */
  public record Beginning(
      UUID runId, String plan, String planHash, String now, String labelsJson, UUID undoes) {}

  /**
   * Takes the lease of the plan and of every table that this run will write, then enters the run.
   *
   * @throws LeaseHeldException if another run has one of them; nothing was entered
   * @throws LedgerException if the ledger can't be written
   */
  public static RunLedger open(
      Database database,
      String applicationName,
      Settings.Ledger settings,
      Beginning beginning,
      Collection<TableName> targets) {
    if (!settings.on()) {
      return off();
    }
    Ledger ledger = new Ledger(database, applicationName, settings.schema(), beginning.runId());
    try {
      ledger.create();
      Lease lease =
          Lease.take(
              database,
              applicationName,
              settings.schema(),
              beginning.runId(),
              settings.lease(),
              names(beginning.plan(), targets));
      try {
        ledger.begin(beginning);
        return new RunLedger(ledger, lease);
      } catch (SQLException | RuntimeException e) {
        lease.close();
        throw e;
      }
    } catch (LeaseHeldException e) {
      ledger.close();
      throw e;
    } catch (SQLException e) {
      ledger.close();
      throw new LedgerException(
          "cannot keep the ledger in schema "
              + settings.schema()
              + ": "
              + SqlFailure.message(e)
              + (Retry.passing(e)
                  ? "; run the same command again"
                  : "; check says which right is missing, and ledger = off does without"),
          e);
    }
  }

  /** What a run holds a lease of. */
  private static TreeSet<String> names(String plan, Collection<TableName> targets) {
    TreeSet<String> names = new TreeSet<>();
    names.add("plan " + plan);
    for (TableName target : targets) {
      names.add("table " + target.schema() + "." + target.name());
    }
    return names;
  }

  /**
   * Where a step's writers would enter their batches, to list the statements: of no run, and
   * without the epochs that only a lease has. Empty without a ledger.
   */
  public static Optional<LedgerSlot> likeness(
      Plan plan, Collection<TableName> targets, String step) {
    if (!plan.settings().ledger().on()) {
      return Optional.empty();
    }
    Map<String, Long> epochs = new HashMap<>();
    names(plan.name(), targets).forEach(name -> epochs.put(name, 0L));
    return Optional.of(
        new LedgerSlot(plan.settings().ledger().schema(), new UUID(0, 0), step, 0, epochs));
  }

  /** The ledger can't be read or written. */
  public static final class LedgerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LedgerException(String message, Exception cause) {
      super(message, cause);
    }

    /** Whether the same command may succeed later, without anybody changing anything. */
    public boolean passing() {
      return getCause() instanceof SQLException sql && Retry.passing(sql);
    }
  }

  /** Where a step's writers enter their batches; empty without a ledger. */
  public Optional<LedgerSlot> slot(String step) {
    return ledger == null ? Optional.empty() : Optional.of(ledger.slot(step, lease));
  }

  /**
   * What a step's committed batches did, by any writer and however often; empty without a ledger.
   */
  public Optional<WriteCounts> counts(String step) {
    return read(kept -> kept.counts(step));
  }

  /**
   * What the committed batches of a step that fills a table did, by kind of write; empty without a
   * ledger.
   */
  public Optional<StepCounts> counts(Step.Fill step) {
    if (ledger == null) {
      return Optional.empty();
    }
    Map<Operation, WriteCounts> counts = new EnumMap<>(Operation.class);
    for (Operation operation : Operation.of(step)) {
      counts.put(operation, counts(Operation.entry(step, operation)).orElseThrow());
    }
    return Optional.of(StepCounts.of(counts));
  }

  /** Bytes that the ledger keeps of a step's rows; empty without a ledger. */
  public Optional<KeptBytes> keptBytes(String step) {
    return read(kept -> kept.keptBytes(step));
  }

  /** Table to rows that went along with those of a step's batches; empty without a ledger. */
  public Optional<Map<String, Long>> cascaded(String step) {
    return read(kept -> kept.cascaded(step));
  }

  /** From here on no batch of this run can be committed, so that what it wrote can be counted. */
  public void seal() {
    if (lease != null) {
      try {
        lease.seal();
      } catch (SQLException e) {
        throw new LedgerException("cannot end the open batches: " + SqlFailure.message(e), e);
      } catch (LeaseHeldException e) {
        throw new LedgerException("cannot end the open batches: " + e.getMessage(), e);
      }
    }
  }

  /** Enters what approved the run, as an object of JSON. */
  public void approved(String approvalJson) {
    enter("the ledger cannot say what approved the run: ", kept -> kept.approved(approvalJson));
  }

  /** Enters how the run ended. */
  public void end(RunStatus status, String reportJson) {
    enter("the ledger still says that the run goes on: ", kept -> kept.end(status, reportJson));
  }

  /** What is asked of the ledger. */
  @FunctionalInterface
  private interface Question<T> {
    T of(Ledger ledger) throws SQLException;
  }

  private <T> Optional<T> read(Question<T> question) {
    if (ledger == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(question.of(ledger));
    } catch (SQLException e) {
      throw new LedgerException("cannot read the ledger: " + SqlFailure.message(e), e);
    }
  }

  /**
   * Forgets older runs of the plan that changed nothing, but for the newest ones.
   *
   * @return why some of them stay all the same; empty without a ledger
   */
  public Optional<String> forgetIdleRuns(Plan plan) {
    if (ledger == null) {
      return Optional.empty();
    }
    Settings settings = plan.settings();
    try {
      return ledger.forget(plan.name(), settings.ledger().keepRuns(), settings.lockTimeout());
    } catch (SQLException e) {
      return Optional.of(IdleRuns.stay(e));
    }
  }

  /** What is entered in the ledger. */
  @FunctionalInterface
  private interface Entry {
    void into(Ledger ledger) throws SQLException;
  }

  private void enter(String without, Entry entry) {
    if (ledger != null) {
      try {
        entry.into(ledger);
      } catch (SQLException e) {
        throw new LedgerException(without + SqlFailure.message(e), e);
      }
    }
  }

  @Override
  public void close() {
    if (lease != null) {
      lease.close();
      ledger.close();
    }
  }
}
