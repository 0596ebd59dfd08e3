package backfill.postgres.ledger;

import backfill.plan.Step;
import backfill.postgres.server.RowEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What happens to a row. */
public enum Operation {
  /** It is added unless one with its key is there; how many were there is counted. */
  INSERT_MISSING,
  /** It is added unless one with its key is there; the keys that were there are named. */
  INSERT_AND_NAME,
  /**
   * The row with its key gets the new values if it still holds the expected ones: after the columns
   * come, for each column that is compared, the value that was read.
   */
  COMPARE_AND_SET,
  /** The row goes if it still holds exactly these values, those that were read. */
  COMPARE_AND_DELETE;

  /** Whether it adds rows. */
  public boolean inserts() {
    return this == INSERT_MISSING || this == INSERT_AND_NAME;
  }

  /** What it is to a trigger. */
  public RowEvent event() {
    return inserts()
        ? RowEvent.INSERT
        : this == COMPARE_AND_SET ? RowEvent.UPDATE : RowEvent.DELETE;
  }

  /** What a step does to rows, in this order. */
  public static List<Operation> of(Step.Fill step) {
    List<Operation> operations = new ArrayList<>();
    if (step.deletes()) {
      operations.add(COMPARE_AND_DELETE);
    }
    if (sets(step)) {
      operations.add(COMPARE_AND_SET);
    }
    if (step instanceof Step.Pairs pairs && pairs.into().level().isEmpty()) {
      operations.add(INSERT_MISSING);
    } else if (!(step instanceof Step.Rows rows) || rows.mode() != Step.Mode.UPDATE) {
      operations.add(INSERT_AND_NAME);
    }
    return operations;
  }

  /** Whether a step sets rows that are there. */
  public static boolean sets(Step.Fill step) {
    return step instanceof Step.Rows rows
        ? rows.mode() != Step.Mode.INSERT_MISSING
        : step instanceof Step.Pairs pairs && pairs.into().level().isPresent();
  }

  /** Whether a step adds rows. */
  public static boolean inserts(Step.Fill step) {
    return of(step).stream().anyMatch(Operation::inserts);
  }

  /** The name under which the ledger keeps what a step adds; of one that does. */
  public static String insertEntry(Step.Fill step) {
    return entry(step, of(step).stream().filter(Operation::inserts).findFirst().orElseThrow());
  }

  /**
   * The name under which the ledger keeps a part of a step: the step's where it is all of it, else
   * with a word behind a blank, which no step's own name has.
   */
  public static String entry(Step.Fill step, Operation operation) {
    return of(step).size() == 1
        ? step.name()
        : step.name() + " " + operation.event().name().toLowerCase(Locale.ROOT);
  }
}
