package backfill.spark.rows;

import static backfill.spark.query.Cells.cell;
import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;

import backfill.spark.engine.KeptInSpark;
import backfill.testing.TestingSpark;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

/** Two and three sides of rows beside each other, as Spark's own joins have them. */
class RowsByKeyTest {
  private static final SparkSession SPARK = TestingSpark.session();
  private static final int KEYS = 60;

  private static StructType schema(String side) {
    return new StructType()
        .add(side + " a", DataTypes.LongType)
        .add(side + " b", DataTypes.StringType)
        .add(side + " n", DataTypes.IntegerType);
  }

  /** Rows whose keys repeat, and are sometimes NULL. */
  private static Dataset<Row> rows(String side, int count, long seed) {
    Random random = new Random(seed);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long a = random.nextInt(KEYS);
      rows.add(
          RowFactory.create(
              random.nextInt(20) == 0 ? null : a, random.nextInt(9) == 0 ? null : "b" + a % 7, i));
    }
    return rows(side, rows);
  }

  private static Dataset<Row> rows(String side, List<Row> rows) {
    return SPARK.createDataFrame(rows, schema(side));
  }

  private static RowsByKey.By by(String side) {
    List<Column> key = List.of(cell(side + " a"), cell(side + " b"));
    return new RowsByKey.By(key, key.get(0).isNull().or(key.get(1).isNull()));
  }

  private static RowsByKey moved(String side, Dataset<Row> rows, int partitions) {
    return RowsByKey.moved(rows, by(side), partitions);
  }

  private static Column sameKey(
      Dataset<Row> one, String ofOne, Dataset<Row> other, String ofOther) {
    return cell(one, ofOne + " a")
        .equalTo(cell(other, ofOther + " a"))
        .and(cell(one, ofOne + " b").equalTo(cell(other, ofOther + " b")));
  }

  private static List<String> texts(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(Row::toString).sorted().toList();
  }

  @Test
  void rowsComeBesideEachOtherAsByAnOuterJoin() {
    Dataset<Row> one = rows("one", 150, 1);
    Dataset<Row> two = rows("two", 120, 2);
    for (int partitions : new int[] {1, 3}) {
      RowsByKey ones = moved("one", one, partitions);
      RowsByKey twos = moved("two", two, partitions);
      assertThat(texts(ones.beside(twos, RowsByKey.Others.ALL).drop(RowsByKey.TWICE)))
          .isEqualTo(texts(one.join(two, sameKey(one, "one", two, "two"), "full_outer")));
      assertThat(texts(ones.beside(twos, RowsByKey.Others.WITH_ONE).drop(RowsByKey.TWICE)))
          .isEqualTo(texts(one.join(two, sameKey(one, "one", two, "two"), "left_outer")));
    }
  }

  @Test
  void aThirdSideComesBesideWhatIsKeptOfTwo() {
    Dataset<Row> one = rows("one", 90, 3);
    Dataset<Row> two = rows("two", 90, 4).where("`two n` % 2 = 0");
    Dataset<Row> three = rows("three", 90, 5);
    try (KeptInSpark kept = new KeptInSpark()) {
      Dataset<Row> both =
          kept.keep(moved("one", one, 3).beside(moved("two", two, 3), RowsByKey.Others.WITH_ONE));

      Dataset<Row> all =
          RowsByKey.inPlace(both.where("`one n` > 10"), by("one"), 3)
              .beside(moved("three", three, 3), RowsByKey.Others.WITH_ONE);

      Dataset<Row> joined =
          one.where("`one n` > 10").join(two, sameKey(one, "one", two, "two"), "left_outer");
      assertThat(texts(all.drop(RowsByKey.TWICE)))
          .isEqualTo(
              texts(joined.join(three, sameKey(joined, "one", three, "three"), "left_outer")));
    }
  }

  @Test
  void keyThatComesTwiceIsTold() {
    Dataset<Row> one = rows("one", 100, 6);
    Dataset<Row> none = rows("two", 0, 7);
    Dataset<Row> two = rows("two", 100, 8).dropDuplicates("two a", "two b");
    long repeated =
        one.where("`one a` IS NOT NULL AND `one b` IS NOT NULL").count()
            - one.where("`one a` IS NOT NULL AND `one b` IS NOT NULL")
                .select("one a", "one b")
                .distinct()
                .count();
    for (Dataset<Row> other : List.of(none, two)) {
      Dataset<Row> beside =
          moved("one", one, 2).beside(moved("two", other, 2), RowsByKey.Others.ALL);
      assertThat(beside.where(cell(RowsByKey.TWICE)).count()).isEqualTo(repeated).isPositive();
    }
  }

  @Test
  void rowThatIsBesideNoneHidesNoOtherOfItsKey() {
    Dataset<Row> found = rows("two", List.of(RowFactory.create(1L, "b", 0)));
    for (int lone = 0; lone < 3; lone++) {
      Dataset<Row> planned =
          rows(
              "one",
              List.of(
                  RowFactory.create(1L, "b", 0),
                  RowFactory.create(1L, "b", 1),
                  RowFactory.create(1L, "b", 2)));
      RowsByKey ones =
          RowsByKey.moved(
              planned, new RowsByKey.By(by("one").key(), cell("one n").equalTo(lit(lone))), 1);
      for (Dataset<Row> other : List.of(found, found.where(lit(false)))) {
        Dataset<Row> beside = ones.beside(moved("two", other, 1), RowsByKey.Others.ALL);
        assertThat(beside.where(cell(RowsByKey.TWICE)).count()).as("row " + lone).isOne();
        assertThat(beside.where(cell("two n").isNotNull()).count()).isEqualTo(2 * other.count());
      }
    }
  }

  @Test
  void ofNoRowsThereAreNone() {
    Dataset<Row> two = rows("two", 5, 9);
    RowsByKey none = moved("one", rows("one", 9, 9).where(lit(false)), 3);
    assertThat(none.beside(moved("two", two, 3), RowsByKey.Others.WITH_ONE).count()).isZero();
    assertThat(none.beside(moved("two", two, 3), RowsByKey.Others.ALL).count()).isEqualTo(5);
  }

  @Test
  void digestTellsRowsApartAndNotTheSameValues() {
    ValueDigest digest = new ValueDigest();
    Dataset<Row> rows =
        SPARK.sql(
            "SELECT * FROM VALUES ('', CAST(NULL AS STRING), 0.0D), (NULL, '', 0.0D), (NULL, NULL, 0.0D), ('', '', 0.0D),"
                + " ('ab', 'c', 0.0D), ('a', 'bc', 0.0D), ('a', 'bc', 1.0D), ('a', 'bc', CAST('NaN' AS DOUBLE)) AS v (a, b, c)");
    List<Column> values = List.of(cell("a"), cell("b"), cell("c"));
    assertThat(digests(digest, rows, values)).doesNotHaveDuplicates().hasSize(8);
    assertThat(digests(digest, rows, values)).isEqualTo(digests(digest, rows, values));
    assertThat(digests(digest, rows, values))
        .as("drawn anew for each match")
        .doesNotContainAnyElementsOf(digests(new ValueDigest(), rows, values));
    assertThat(
            digests(
                digest, SPARK.sql("SELECT 0.0D AS c UNION ALL SELECT -0.0D"), List.of(cell("c"))))
        .as("zero has two forms")
        .hasSize(2)
        .satisfies(two -> assertThat(two.get(0)).isEqualTo(two.get(1)));
  }

  private static List<Row> digests(ValueDigest digest, Dataset<Row> rows, List<Column> values) {
    return rows.select(digest.of(values).toArray(Column[]::new)).collectAsList();
  }
}
