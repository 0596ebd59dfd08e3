package backfill.spark.read;

import backfill.membership.DistinctKeys;
import backfill.membership.KeyDictionary;
import backfill.postgres.catalog.KeyType;
import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * Which numbers stand for the keys of a step's objects, groups or users, on the driver and on
 * executors: an integer for itself, anything else by a dictionary.
 *
 * @param dictionary null for integers
 */
public record KeyNumbers(KeyType type, Broadcast<KeyDictionary> dictionary)
    implements Serializable {
  public static final KeyNumbers INTEGERS = new KeyNumbers(KeyType.INTEGER, null);

  /** Whether a number is of the dictionary, and not the key itself. */
  public boolean coded() {
    return dictionary != null;
  }

  /** The numbers of some keys. */
  public long[] of(KeyColumn keys) {
    return keys.numbers(coded() ? dictionary.value() : null);
  }

  /** The number of the key with this text, {@link DistinctKeys#ABSENT} if there is none. */
  public long number(String text) {
    return coded()
        ? type.bytes(text)
            .map(bytes -> dictionary.value().number(bytes))
            .orElse(DistinctKeys.ABSENT)
        : Long.parseLong(text);
  }

  /** The key, as a value of {@link #dataType}. */
  public Object key(long number) {
    return coded()
        ? type.text(dictionary.value().keys().key(Math.toIntExact(number)))
        : (Object) number;
  }

  /** The key, as the server writes it. */
  public String text(long number) {
    return String.valueOf(key(number));
  }

  /** The type of keys in Spark's rows. */
  public DataType dataType() {
    return coded() ? DataTypes.StringType : DataTypes.LongType;
  }

  /** Lets the dictionary go. */
  public void destroy() {
    if (coded()) {
      dictionary.destroy();
    }
  }
}
