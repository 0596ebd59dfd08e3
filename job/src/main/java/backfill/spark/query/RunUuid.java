package backfill.spark.query;

import static scala.jdk.javaapi.CollectionConverters.asJava;
import static scala.jdk.javaapi.CollectionConverters.asScala;

import backfill.plan.Sha256;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.CreateArray;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.objects.StaticInvoke;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;
import scala.Function1;
import scala.Option;
import scala.collection.immutable.Seq;

/**
 * The function {@code run_uuid(key, …)} of queries: a new uuid for each key, the same one whenever
 * the run asks again, and another in each run. A task that is tried again so writes the row that it
 * wrote before.
 */
public final class RunUuid {
  private static final String NAME = "run_uuid";
  private static final DataType KEYS = DataTypes.createArrayType(DataTypes.StringType);

  private RunUuid() {}

  /** Makes it known to the session's queries. */
  public static void register(SparkSession session, UUID run) {
    Function1<Seq<Expression>, Expression> call =
        keys -> {
          if (keys.isEmpty()) {
            throw new IllegalArgumentException(NAME + "() needs the columns of a key");
          }
          return of(run, keys);
        };
    ((org.apache.spark.sql.classic.SparkSession) session)
        .sessionState()
        .functionRegistry()
        .createOrReplaceTempFunction(NAME, call, "scala_udf");
  }

  private static Expression of(UUID run, Seq<Expression> keys) {
    List<Expression> texts =
        asJava(keys).stream()
            .<Expression>map(key -> new Cast(key, DataTypes.StringType, Option.apply("UTC")))
            .toList();
    return new StaticInvoke(
        RunUuid.class,
        DataTypes.StringType,
        "text",
        seq(Stream.of(Literal.create(run.toString(), DataTypes.StringType), array(texts))),
        seq(Stream.of(DataTypes.StringType, KEYS)),
        false,
        false,
        true,
        Option.empty());
  }

  private static Expression array(List<Expression> texts) {
    return new CreateArray(seq(texts.stream()), false);
  }

  private static <T> Seq<T> seq(Stream<? extends T> elements) {
    List<T> list = elements.<T>map(element -> element).toList();
    return asScala(list).toSeq();
  }

  /** Called by the code that Spark generates. */
  public static UTF8String text(UTF8String run, ArrayData keys) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(run.getBytes());
    for (int i = 0; i < keys.numElements(); i++) {
      // With its length: neither ('a', 'bc') and ('ab', 'c') nor NULL and '' may meet.
      byte[] key = keys.isNullAt(i) ? null : keys.getUTF8String(i).getBytes();
      bytes.writeBytes(ByteBuffer.allocate(4).putInt(key == null ? -1 : key.length).array());
      bytes.writeBytes(key == null ? new byte[0] : key);
    }
    return UTF8String.fromString(uuid(bytes.toByteArray()).toString());
  }

  /** In the shape of version 4: applications look at it, and the run's own uuid is random. */
  private static UUID uuid(byte[] of) {
    ByteBuffer hash = ByteBuffer.wrap(Sha256.of(of));
    return new UUID(
        hash.getLong() & ~0xF000L | 0x4000L, hash.getLong() & ~(0xC0L << 56) | 0x80L << 56);
  }

  /** The same for a test. */
  static UUID of(UUID run, String... keys) {
    return UUID.fromString(
        text(
                UTF8String.fromString(run.toString()),
                ArrayData.toArrayData(
                    Stream.of(keys)
                        .map(
                            key ->
                                key == null
                                    ? null
                                    : UTF8String.fromBytes(key.getBytes(StandardCharsets.UTF_8)))
                        .toArray()))
            .toString());
  }
}
