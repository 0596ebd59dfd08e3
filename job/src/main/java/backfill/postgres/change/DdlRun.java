package backfill.postgres.change;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NamedObject;
import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Retry;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * A {@code ddl} step at work. The catalog is looked at before each statement, so that nothing is
 * sent where nothing is to be done, and once more behind the last: a run that was killed anywhere
 * goes on there. Used by one thread.
 */
public final class DdlRun {
  private final ChangeScope scope;
  private final Step.Ddl step;
  private final DdlSender sender;
  private int retries;

  public DdlRun(ChangeScope scope, Step.Ddl step, Optional<LedgerSlot> slot) {
    this.scope = scope;
    this.step = step;
    this.sender = new DdlSender(scope, slot);
  }

  /** Statements sent, each attempt counted. */
  public int sent() {
    return sender.sent();
  }

  /** Attempts in vain. */
  public int retries() {
    return retries;
  }

  /**
   * What is to be done, in words; empty where the catalog says that it is. Before the run, what an
   * earlier step makes is not there yet.
   */
  public Optional<String> toDo() throws SQLException {
    return scope.ask(this::toDo);
  }

  private Optional<String> toDo(Inquiry inquiry) throws SQLException {
    if (step.definition() instanceof Definition.EnumValues values) {
      int missing = EnumLabels.missing(inquiry, values).size();
      return missing == 0
          ? Optional.empty()
          : Optional.of(
              values.type() + " lacks " + (missing == 1 ? "1 value" : missing + " values"));
    }
    if (step.definition() instanceof Definition.NotNull notNull) {
      List<String> open = new ArrayList<>();
      for (String written : notNull.columns()) {
        Optional<NotNullColumn> column = NotNullColumn.of(inquiry, written);
        if (column.isEmpty()) {
          open.add(written + " is not there yet");
        } else if (!column.get().state().done()) {
          open.add(column.get() + " may be NULL");
        }
      }
      return open.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", open));
    }
    boolean creates = step.definition() instanceof Definition.Creates;
    Optional<NamedObject> object =
        NamedObject.of(inquiry, step.name(), step.target(), Set.of(), new Findings());
    if (object.isEmpty()) {
      return Optional.of(step.target() + " is not there yet");
    }
    return switch (object.get().state(inquiry)) {
      case PRESENT -> creates ? Optional.empty() : Optional.of(object.get() + " is there");
      case INVALID -> Optional.of(object.get() + " is an invalid index");
      case ABSENT -> creates ? Optional.of(object.get() + " is not there") : Optional.empty();
    };
  }

  private NamedObject object(Inquiry inquiry) throws SQLException {
    Findings findings = new Findings();
    Optional<NamedObject> object =
        NamedObject.of(inquiry, "step " + step.name(), step.target(), Set.of(), findings);
    if (object.isEmpty()) {
      throw new ChangeFailedException(String.join("; ", findings.reasons()));
    }
    return object.get();
  }

  /**
   * Does what is to be done.
   *
   * @param between called before each look; what it throws ends the step there
   * @param held called before each statement: waits while it may not be sent, and says whether it
   *     waited; then it is looked once more what is to be done
   */
  public void run(Runnable between, BooleanSupplier held) throws SQLException {
    if (step.definition() instanceof Definition.NotNull notNull) {
      for (NotNullColumn column : scope.ask(inquiry -> NotNullColumn.of(inquiry, step, notNull))) {
        between.run();
        new NotNullRun(scope, sender, column, this::retried, held).run();
      }
      return;
    }
    retried(
        () -> {
          while (true) {
            between.run();
            Optional<Next> next = scope.ask(this::next);
            if (next.isEmpty()) {
              return;
            }
            if (!held.getAsBoolean()) {
              send(next.get());
            }
          }
        });
  }

  /** Something that may be tried again: it looks first what is there. */
  @FunctionalInterface
  interface Attempt {
    void run() throws SQLException;
  }

  private void retried(Attempt attempt) throws SQLException {
    Retry retry = new Retry(scope.retryFor());
    while (true) {
      try {
        attempt.run();
        return;
      } catch (SQLException e) {
        retry.pauseOrThrow(e);
        retries++;
      }
    }
  }

  /**
   * A statement that is to be sent.
   *
   * @param leaves what it must leave behind
   */
  private record Next(String sql, NamedObject.State leaves) {}

  private void send(Next next) throws SQLException {
    if (new DdlText(next.sql()).concurrently()) {
      sender.sendAlone(next.sql());
    } else {
      sender.send(next.sql());
    }
    if (!(step.definition() instanceof Definition.EnumValues)) {
      NamedObject object = scope.ask(this::object);
      NamedObject.State state = scope.ask(object::state);
      if (state != next.leaves()) {
        // What is not as it should be would be sent for ever.
        throw new ChangeFailedException(
            "the server took the statement of step %s, and %s is still %s; mend the statement, or what the step calls it"
                .formatted(step.name(), object, state.toString().toLowerCase(Locale.ROOT)));
      }
    }
  }

  /** Empty where nothing is to be done. */
  private Optional<Next> next(Inquiry inquiry) throws SQLException {
    if (step.definition() instanceof Definition.EnumValues values) {
      return EnumLabels.append(inquiry, values)
          .map(sql -> new Next(sql, NamedObject.State.PRESENT));
    }
    NamedObject object = object(inquiry);
    NamedObject.State state = object.state(inquiry);
    if (step.definition() instanceof Definition.Drops drops) {
      return state == NamedObject.State.ABSENT
          ? Optional.empty()
          : Optional.of(new Next(scope.inline(drops.statement()), NamedObject.State.ABSENT));
    }
    String sql = scope.inline(((Definition.Creates) step.definition()).statement());
    return switch (state) {
      case PRESENT -> Optional.empty();
      case ABSENT -> Optional.of(new Next(sql, NamedObject.State.PRESENT));
      case INVALID ->
          Optional.of(
              new Next(
                  "DROP INDEX "
                      + (new DdlText(sql).concurrently() ? "CONCURRENTLY " : "")
                      + object.quotedRelation(),
                  NamedObject.State.ABSENT));
    };
  }
}
