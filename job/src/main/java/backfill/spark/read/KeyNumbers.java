package backfill.spark.read;

import backfill.membership.key.DistinctKeys;
import backfill.membership.key.JoinedKey;
import backfill.membership.key.KeyDictionary;
import backfill.membership.key.KeyList;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.snapshot.KeyShape;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * Which numbers stand for the keys of a step's objects, groups or users, on the driver and on
 * executors: an integer for itself, anything else by a dictionary.
 *
 * @param dictionary null for integers
 */
public record KeyNumbers(KeyShape shape, Broadcast<KeyDictionary> dictionary)
    implements Serializable {
  public static final KeyNumbers INTEGERS = new KeyNumbers(KeyShape.INTEGER, null);

  /** Whether a number is of the dictionary, and not the key itself. */
  public boolean coded() {
    return dictionary != null;
  }

  /** The numbers of some keys. */
  public long[] of(KeyColumn keys) {
    return keys.numbers(coded() ? dictionary.value() : null);
  }

  /**
   * The number of the key with these texts, {@link DistinctKeys#ABSENT} if there is none.
   *
   * @param texts a value for each column
   */
  public long number(List<String> texts) {
    return coded()
        ? shape
            .bytes(texts)
            .map(bytes -> dictionary.value().number(bytes))
            .orElse(DistinctKeys.ABSENT)
        : Long.parseLong(texts.get(0));
  }

  /** The key: a number, or the text that {@link #text} gives. */
  public Object key(long number) {
    return coded() ? text(number) : (Object) number;
  }

  /** The key's values, a column each, of {@link #dataTypes}. */
  public List<Object> values(long number) {
    return coded() ? shape.values(bytes(number)) : List.of(number);
  }

  /** The key's bytes in the dictionary. */
  private byte[] bytes(long number) {
    return dictionary.value().keys().key(Math.toIntExact(number));
  }

  /** The key's values, as the server writes them. */
  public List<String> texts(long number) {
    return values(number).stream().map(String::valueOf).toList();
  }

  /** The key, as the server writes it; of several columns as people read it. */
  public String text(long number) {
    return coded() ? JoinedKey.of(texts(number)) : Long.toString(number);
  }

  /** The types of a key's columns in Spark's rows. */
  public List<DataType> dataTypes() {
    return shape.types().stream()
        .map(type -> type == KeyType.INTEGER ? DataTypes.LongType : DataTypes.StringType)
        .toList();
  }

  /**
   * The numbers of the keys whose first columns hold what those of a key of others hold: from the
   * first one to before the second.
   *
   * @param columns how many these are
   */
  public int[] beginningLike(KeyNumbers others, long number, int columns) {
    return dictionary.value().startingWith(others.shape.prefix(others.bytes(number), columns));
  }

  /**
   * Which numbers stand for the values of one of its columns: an integer for itself, and of any
   * other those in a dictionary of their own.
   */
  public KeyNumbers ofColumn(int column, JavaSparkContext spark) {
    KeyType type = shape.types().get(column);
    if (type == KeyType.INTEGER) {
      return INTEGERS;
    }
    DistinctKeys values = new DistinctKeys();
    KeyList keys = dictionary.value().keys();
    for (int place = 0; place < keys.size(); place++) {
      byte[] value = shape.part(keys.key(place), column);
      values.add(value, 0, value.length);
    }
    return new KeyNumbers(
        KeyShape.of(List.of(type)), spark.broadcast(KeyDictionary.of(List.of(values.list()))));
  }

  /** Lets the dictionary go. */
  public void destroy() {
    if (coded()) {
      dictionary.destroy();
    }
  }
}
