package backfill.spark.diff;

import java.util.List;
import org.apache.spark.api.java.JavaRDD;

/**
 * The rows that one step would add, set or take away, in the order of their keys; made when they
 * are asked for, and kept nowhere.
 */
public record StepDiff(DiffShape shape, JavaRDD<RowChange> rows) {

  /** Their sum, without writing them. */
  public DiffSum sum() {
    DiffShape of = shape;
    return rows
        .mapPartitions(
            some -> {
              RowSum sum = new RowSum();
              some.forEachRemaining(row -> sum.add(of, row));
              return List.of(sum.sum()).iterator();
            })
        .collect()
        .stream()
        .reduce(DiffSum.NONE, DiffSum::plus);
  }
}
