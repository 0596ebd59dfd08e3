package backfill.postgres.undo;

import backfill.plan.Settings;
import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.KeptBatch;
import backfill.postgres.ledger.LedgerStatus;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.server.Database;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/**
 * Takes back what a run wrote, the last write first: the rows that it added go, those that it set
 * get what they held, those that it deleted come back. A row that is not what the run made of it is
 * left. What cannot come back is known before anything is done.
 */
public final class Undo {
  private final Database database;
  private final String applicationName;
  private final Settings settings;
  private final UndoneRun run;
  private final List<UndoPart> parts;
  private final Map<String, UndoTable> tables;
  private final List<String> cannot;

  /**
   * What became of one of the run's writes.
   *
   * @param entry the ledger's name of it
   * @param event what the run did
   */
  public record Done(String entry, TableName target, RowEvent event, UndoCounts counts) {}

  /** What work over a batch of the run does. */
  @FunctionalInterface
  private interface PartWork {
    void of(UndoPart part, UndoTable table, LaterKeys later) throws SQLException;
  }

  private Undo(
      Database database,
      String applicationName,
      Settings settings,
      UndoneRun run,
      List<UndoPart> parts,
      Map<String, UndoTable> tables) {
    this.database = database;
    this.applicationName = applicationName;
    this.settings = settings;
    this.run = run;
    this.parts = parts;
    this.tables = tables;
    this.cannot = cannot(run, parts, tables);
  }

  /**
   * Looks a run up in the ledger.
   *
   * @param given its number, or the beginning of it
   * @throws NotReadyException if there is no ledger, no such run, or the server does not answer
   */
  public static Undo find(
      Database database, String applicationName, Settings settings, String given) {
    String schema = settings.ledger().schema();
    try (Connection connection = database.connect(applicationName)) {
      connection.setAutoCommit(false);
      SessionSettings.begin(connection);
      UndoneRun run = UndoneRun.find(connection, schema, given);
      List<UndoPart> parts = UndoPart.of(connection, schema, run);
      Map<String, UndoTable> tables = new LinkedHashMap<>();
      for (UndoPart part : parts) {
        if (part.target() != null && !tables.containsKey(part.target())) {
          UndoTable.of(database, applicationName, part.target())
              .ifPresent(table -> tables.put(part.target(), table));
        }
      }
      return new Undo(database, applicationName, settings, run, parts, tables);
    } catch (SQLException e) {
      throw LedgerStatus.unreadable(e, schema, database);
    }
  }

  public UndoneRun run() {
    return run;
  }

  /** What cannot come back, a sentence each. */
  public List<String> cannot() {
    return cannot;
  }

  /** Whether there is a write of which something can come back. */
  public boolean can() {
    return parts.stream().anyMatch(this::can);
  }

  /** Whether the run wrote nothing that the ledger knows of. */
  public boolean isEmpty() {
    return parts.isEmpty() && run.definitions().isEmpty();
  }

  /** The tables that it would write. */
  public List<TableName> targets() {
    return tables.values().stream().map(UndoTable::name).toList();
  }

  private boolean can(UndoPart part) {
    return part.can() && tables.containsKey(part.target());
  }

  private static List<String> cannot(
      UndoneRun run, List<UndoPart> parts, Map<String, UndoTable> tables) {
    List<String> cannot = new ArrayList<>();
    run.definitions()
        .forEach(step -> cannot.add("step " + step + " changed definitions, which stay"));
    for (UndoPart part : parts) {
      part.cannot(run).ifPresent(cannot::add);
      if (part.can() && !tables.containsKey(part.target())) {
        cannot.add(
            "step %s wrote %s, which is not there any more".formatted(part.entry(), part.target()));
      }
    }
    return cannot;
  }

  /**
   * Makes sure that the role may write what is to be taken back.
   *
   * @throws NotReadyException naming what is missing as the GRANT that gives it
   */
  public void checkRights() {
    List<String> reasons = new ArrayList<>();
    try (Connection connection = database.connect(applicationName)) {
      connection.setAutoCommit(false);
      SessionSettings.begin(connection);
      for (UndoPart part : parts) {
        if (can(part)) {
          TableName table = tables.get(part.target()).name();
          for (String grant : tables.get(part.target()).lacking(connection, part.event())) {
            reasons.add(
                "step %s: no right to take back its rows of %s; %s TO %s"
                    .formatted(
                        part.entry(),
                        table,
                        grant,
                        TableName.quote(connection.getMetaData().getUserName())));
          }
        }
      }
    } catch (SQLException e) {
      throw LedgerStatus.unreadable(e, settings.ledger().schema(), database);
    }
    if (!reasons.isEmpty()) {
      throw new NotReadyException(reasons);
    }
  }

  /**
   * Counts what would be taken back, and writes nothing. Rows of tables that the run filled, too,
   * are taken to be gone by then.
   *
   * @param done gets what would become of each write
   * @param between called before each batch; what it throws ends the work
   */
  public void look(List<Done> done, Runnable between, LongConsumer seen) throws SQLException {
    Set<String> own =
        parts.stream()
            .filter(part -> part.event() == RowEvent.INSERT)
            .map(UndoPart::target)
            .collect(Collectors.toSet());
    try (Connection connection = database.connect(applicationName)) {
      connection.setAutoCommit(false);
      connection.setReadOnly(true);
      each(
          connection,
          (part, table, later) -> {
            UndoCounts counts = UndoCounts.NONE;
            SessionSettings.begin(connection);
            List<KeptBatch> batches = batches(connection, part);
            connection.rollback();
            for (KeptBatch batch : batches) {
              between.run();
              SessionSettings.begin(connection);
              ChangedRows rows = rows(connection, batch);
              counts =
                  counts.plus(
                      fitting(table, rows)
                          ? looked(
                              new UndoLook(
                                  table, part.event(), later, table.referencesBut(own), connection),
                              rows)
                          : UndoTransaction.unfit(table, rows));
              seen.accept(sum(done) + counts.rows());
              connection.rollback();
            }
            done.add(new Done(part.entry(), table.name(), part.event(), counts));
          });
    }
  }

  private static UndoCounts looked(UndoLook look, ChangedRows rows) throws SQLException {
    int chosen = look.chosen(rows).length;
    return UndoCounts.of(chosen, look.already(), look.left());
  }

  /**
   * Takes back what can be, batch by batch, each with its row in the ledger.
   *
   * @param done gets what became of each write, also of one that was broken off
   * @param ledger of the run that undoes
   * @param between called before each batch; what it throws ends the work there
   */
  public void execute(List<Done> done, RunLedger ledger, Runnable between, LongConsumer seen)
      throws SQLException {
    try (Connection connection = database.connect(applicationName)) {
      connection.setAutoCommit(false);
      each(
          connection,
          (part, table, later) -> {
            SessionSettings.begin(connection);
            List<KeptBatch> batches = batches(connection, part);
            connection.rollback();
            UndoTransaction work =
                new UndoTransaction(
                    settings, table, part.event(), later, ledger.slot(part.entry()).orElseThrow());
            UndoWriters writers =
                new UndoWriters(
                    database,
                    applicationName,
                    settings,
                    (transactions, batch) -> work.of(transactions, batch, to -> rows(to, batch)));
            try {
              writers.all(
                  batches,
                  table.refersToItself() ? 1 : settings.write().writers(),
                  between,
                  rows -> seen.accept(sum(done) + rows));
            } finally {
              done.add(new Done(part.entry(), table.name(), part.event(), writers.counts()));
            }
          });
    }
  }

  private void each(Connection connection, PartWork work) throws SQLException {
    Map<String, LaterKeys> later = new HashMap<>();
    for (UndoPart part : parts) {
      if (can(part)) {
        String target = part.target();
        if (!later.containsKey(target)) {
          SessionSettings.begin(connection);
          later.put(
              target, LaterKeys.of(connection, settings.ledger().schema(), run.runId(), target));
          connection.rollback();
        }
        work.of(part, tables.get(target), later.get(target));
      }
    }
  }

  private static long sum(List<Done> done) {
    return done.stream().mapToLong(each -> each.counts().rows()).sum();
  }

  private List<KeptBatch> batches(Connection connection, UndoPart part) throws SQLException {
    return KeptBatch.of(connection, settings.ledger().schema(), run.runId(), part.entry());
  }

  private ChangedRows rows(Connection connection, KeptBatch batch) throws SQLException {
    return batch.rows(connection, settings.ledger().schema(), run.runId());
  }

  private static boolean fitting(UndoTable table, ChangedRows rows) {
    return table.unfit(rows).isEmpty();
  }

  /** Why nothing at all can come back; empty where something can, or nothing was written. */
  public Optional<String> nothing() {
    return can() || cannot.isEmpty()
        ? Optional.empty()
        : Optional.of("nothing of run " + run.runId() + " can be taken back");
  }
}
