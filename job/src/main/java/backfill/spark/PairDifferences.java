package backfill.spark;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import backfill.membership.ObjectUsers;
import backfill.membership.UserIndex;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * Judges one object's pairs as a fresh snapshot shows them against what was planned and written.
 */
final class PairDifferences implements ObjectSets.Verdict {
  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      new StructType()
          .add("missing", DataTypes.LongType, false)
          .add("added", DataTypes.LongType, false)
          .add("revoked", DataTypes.LongType, false)
          .add("examples", DataTypes.createArrayType(DataTypes.StringType), false);

  private final Broadcast<UserIndex> index;

  PairDifferences(Broadcast<UserIndex> index) {
    this.index = index;
  }

  @Override
  public Row of(long object, ObjectUsers users, RoaringBitmap planned, RoaringBitmap written) {
    RoaringBitmap justified = users.justified();
    RoaringBitmap absent = RoaringBitmap.andNot(justified, users.existing());
    RoaringBitmap missing = RoaringBitmap.and(absent, planned);
    RoaringBitmap revoked = RoaringBitmap.and(written, users.existing());
    revoked.andNot(justified);
    return RowFactory.create(
        missing.getLongCardinality(),
        absent.getLongCardinality() - missing.getLongCardinality(),
        revoked.getLongCardinality(),
        examples(object, missing));
  }

  private String[] examples(long object, RoaringBitmap missing) {
    List<String> examples = new ArrayList<>();
    PeekableIntIterator each = missing.getIntIterator();
    while (each.hasNext() && examples.size() < Verified.EXAMPLES) {
      examples.add("(" + object + ", " + index.value().key(each.next()) + ")");
    }
    return examples.toArray(String[]::new);
  }

  /** Adds up the verdicts. */
  static Verified between(Dataset<Row> verdicts) {
    Dataset<Row> differing = verdicts.where("missing + added + revoked > 0");
    Kept kept = new Kept();
    try (kept) {
      Dataset<Row> rows = kept.keep(differing);
      Row sums = rows.agg(total("missing"), total("added"), total("revoked")).first();
      List<String> examples = new ArrayList<>();
      if (sums.getLong(0) > 0) {
        for (Row row :
            rows.where("missing > 0").select("examples").limit(Verified.EXAMPLES).collectAsList()) {
          examples.addAll(row.getList(0));
        }
      }
      return new Verified(
          sums.getLong(0),
          sums.getLong(1),
          sums.getLong(2),
          examples.stream().limit(Verified.EXAMPLES).toList());
    }
  }

  private static org.apache.spark.sql.Column total(String column) {
    return coalesce(sum(column), lit(0L));
  }
}
