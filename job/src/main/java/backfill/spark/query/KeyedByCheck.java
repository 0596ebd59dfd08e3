package backfill.spark.query;

import backfill.plan.Source;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;

/** Whether the columns that a source takes its keys from are there, and are of its key's type. */
final class KeyedByCheck {
  private final SparkSession session;
  private final Map<String, Table> sources;
  private final Map<String, Dataset<Row>> views;
  private final List<String> reasons;

  /**
   * @param session where sources and views are known, all empty
   * @param views those that can be asked
   * @param reasons is told what is wrong
   */
  KeyedByCheck(
      SparkSession session,
      Map<String, Table> sources,
      Map<String, Dataset<Row>> views,
      List<String> reasons) {
    this.session = session;
    this.sources = sources;
    this.views = views;
    this.reasons = reasons;
  }

  /** The columns of keys, each alone; none for a source that is read whole. */
  List<Dataset<Row>> of(Source source) {
    List<Dataset<Row>> columns = new ArrayList<>();
    if (source.keyedBy().isPresent()) {
      for (Source.KeyOrigin keys : source.keyedBy().get().keys()) {
        Dataset<Row> from =
            views.containsKey(keys.from())
                ? views.get(keys.from())
                : sources.containsKey(keys.from()) ? session.table(keys.from()) : null;
        if (from != null && isThere(source, keys, from)) {
          Dataset<Row> column = from.select(Cells.cell(keys.column()));
          fits(source, keys, column.schema().fields()[0].dataType());
          columns.add(column);
        }
      }
    }
    return columns;
  }

  private boolean isThere(Source source, Source.KeyOrigin keys, Dataset<Row> from) {
    boolean there = List.of(from.columns()).contains(keys.column());
    if (!there) {
      reasons.add(
          "source %s: keyed-by takes %s.%s, and %s has no such column; it gives %s"
              .formatted(
                  source.name(),
                  keys.from(),
                  keys.column(),
                  keys.from(),
                  String.join(", ", from.columns())));
    }
    return there;
  }

  private void fits(Source source, Source.KeyOrigin keys, DataType given) {
    String name = source.keyedBy().get().column();
    Optional<Column> column =
        Optional.ofNullable(sources.get(source.name())).flatMap(table -> table.column(name));
    Optional<KeyType> type = column.flatMap(KeyType::of);
    if (type.isPresent() && !fits(type.get(), given)) {
      reasons.add(
          "source %s: keyed-by fetches by %s, which is %s, and %s.%s is %s; make both integers, or both uuid or text"
              .formatted(
                  source.name(),
                  name,
                  column.get().type(),
                  keys.from(),
                  keys.column(),
                  given.simpleString()));
    }
  }

  private static boolean fits(KeyType type, DataType given) {
    return type == KeyType.INTEGER
        ? given instanceof LongType
            || given instanceof IntegerType
            || given instanceof ShortType
            || given instanceof ByteType
        : given instanceof StringType;
  }
}
