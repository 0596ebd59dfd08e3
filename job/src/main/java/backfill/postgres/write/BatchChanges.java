package backfill.postgres.write;

import backfill.postgres.catalog.ServerText;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.ChangedRows.Kept;
import backfill.postgres.ledger.ChangedRows.Role;
import backfill.postgres.ledger.Keeping;
import backfill.postgres.server.RowEvent;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Collects the rows that one batch changed, as far as the ledger keeps them: the key, what was
 * written into a row that was added, and where it is asked for what a row held before. Used by one
 * thread.
 */
final class BatchChanges {
  private final WriteTarget target;
  private final Keeping keeping;
  private final List<Field> fields = new ArrayList<>();
  private final List<Values> values = new ArrayList<>();

  /**
   * One column that is kept.
   *
   * @param place among the columns of a batch; of an image, among those that the server sends back
   */
  private record Field(TargetColumn column, Role role, int place, boolean image) {}

  BatchChanges(WriteTarget target, Keeping keeping) {
    this.target = target;
    this.keeping = keeping;
    if (!keeping.keys()) {
      return;
    }
    for (String name : target.key()) {
      add(place(name), Role.KEY);
    }
    if (target.operation().inserts()) {
      for (int i = 0; i < target.columns().size(); i++) {
        if (!target.key().contains(target.columns().get(i).name())) {
          add(i, Role.AFTER);
        }
      }
    }
    int place = 0;
    for (TargetColumn image : images()) {
      fields.add(new Field(image, Role.BEFORE, place++, true));
    }
    if (target.operation().event() == RowEvent.UPDATE) {
      for (TargetColumn image : images()) {
        fields.add(new Field(image, Role.AFTER, place++, true));
      }
    }
    fields.forEach(field -> values.add(new Values(!field.image() && field.column().isInteger())));
  }

  private void add(int place, Role role) {
    fields.add(new Field(target.columns().get(place), role, place, false));
  }

  private int place(String name) {
    return target.columns().stream().map(TargetColumn::name).toList().indexOf(name);
  }

  /** Whether it must be known which rows of a batch changed. */
  boolean named() {
    return keeping.keys();
  }

  /** The columns of which the server sends back what a row held; empty where no one asks. */
  List<TargetColumn> images() {
    return target.operation().inserts() ? List.of() : keeping.images();
  }

  /** How many rows it has. */
  int size() {
    return values.isEmpty() ? 0 : values.get(0).size();
  }

  /** Forgets those behind this place: they were taken back. */
  void cutTo(int size) {
    values.forEach(each -> each.cutTo(size));
  }

  /** All of these rows but some changed. */
  void addAllBut(Batch rows, BitSet untouched) {
    if (named() && untouched.isEmpty()) {
      for (int i = 0; i < fields.size(); i++) {
        values.get(i).addAll(rows.values(fields.get(i).place()));
      }
    } else if (named()) {
      for (int row = untouched.nextClearBit(0);
          row < rows.size();
          row = untouched.nextClearBit(row + 1)) {
        add(rows, row, null);
      }
    }
  }

  /**
   * One row changed.
   *
   * @param images what it held before, then what it holds since, by {@link #images}; null where
   *     that is not kept
   */
  void add(Batch rows, int row, String[] images) {
    for (int i = 0; i < fields.size(); i++) {
      Field field = fields.get(i);
      if (field.image()) {
        values.get(i).add((Object) images[field.place()]);
      } else {
        Values given = rows.values(field.place());
        if (given.areIntegers()) {
          values.get(i).add(given.integer(row));
        } else {
          values.get(i).add(given.get(row));
        }
      }
    }
  }

  /** What is kept; null where nothing is. */
  ChangedRows rows() {
    if (!named()) {
      return null;
    }
    List<Kept> kept = new ArrayList<>();
    for (int i = 0; i < fields.size(); i++) {
      TargetColumn column = fields.get(i).column();
      kept.add(
          new Kept(
              column.name(), column.type(), fields.get(i).role(), array(column, values.get(i))));
    }
    return new ChangedRows(kept, size(), keeping.undo() && !target.operation().inserts());
  }

  private static Object array(TargetColumn column, Values values) {
    if (values.areIntegers()) {
      return values.array();
    }
    String[] texts = new String[values.size()];
    for (int row = 0; row < texts.length; row++) {
      texts[row] = ServerText.of(column.type(), values.get(row));
    }
    return texts;
  }
}
